"""What is Deepgram's own in how the sockets are kept: silence, limits, late audio, reasons."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from patter.audio.frames import FRAME_BYTES, silence
from patter.bridge.events import (
    SttEagerEnd,
    SttFailed,
    SttHeard,
    SttOpened,
    SttUtteranceEnded,
    TtsDone,
    TtsFailed,
)
from patter.engines.stt import open_stt
from patter.engines.stt.deepgram.link import Deadlines, DeepgramStt
from patter.engines.stt.deepgram.outbox import MOST_WAITING_MS, Outbox
from patter.engines.stt.deepgram_flux.link import DeepgramFluxStt
from patter.engines.tts import open_tts
from patter.engines.tts.deepgram import wire
from patter.engines.tts.deepgram.link import DeepgramTts
from patter.simulators.deepgram import DeepgramServer, Faults
from patter.simulators.sound import tone

PHRASE = silence(200) + tone(1100) + silence(1300)


async def hear(stt, audio, *, wait_s=0.3):
    """Everything that is emitted for this audio, within a little while after it."""
    events: list[Any] = []
    task = asyncio.create_task(stt.run("s", events.append))
    for at in range(0, len(audio), FRAME_BYTES):
        stt.send(audio[at : at + FRAME_BYTES])
        await asyncio.sleep(0.0025)
    await asyncio.wait({task}, timeout=wait_s)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return events


def finals(events):
    return [event for event in events if isinstance(event, SttHeard) and event.final and event.text]


def failure(events):
    [failed] = [event for event in events if isinstance(event, SttFailed)]
    return failed


async def test_the_registries_know_them(spec):
    assert isinstance(open_stt(spec), DeepgramStt)
    assert isinstance(open_stt(replace(spec, provider="deepgram_flux")), DeepgramFluxStt)
    assert isinstance(open_tts(spec), DeepgramTts)


async def test_a_quiet_line_is_kept_alive(server, spec):
    events = await hear(DeepgramStt(spec, deadlines=Deadlines(idle_s=0.2)), b"", wait_s=1.5)
    assert not any(isinstance(event, SttFailed) for event in events)
    [session] = server.sessions
    assert session.audio_ms == 20  # KeepAlive counts only after audio
    assert session.controls.count("KeepAlive") >= 4
    assert session.controls[-1] == "CloseStream"


async def test_flux_hears_silence_where_nothing_came(server, spec):
    events = await hear(DeepgramFluxStt(spec, Deadlines(idle_s=0.2)), tone(800), wait_s=0.8)
    [final] = finals(events)
    assert (final.text, final.end_of_turn) == ("what can you do", True)
    assert set(server.sessions[0].controls) == {"CloseStream"}


async def test_audio_leaves_as_it_comes(server, spec):
    await hear(DeepgramStt(spec), PHRASE)
    sizes = server.sessions[0].audio_sizes
    assert bytes(server.sessions[0].audio) == PHRASE
    assert set(sizes[1:]) == {FRAME_BYTES}  # the first is what waited for the connection


async def test_long_speech_comes_in_parts(spec):
    async with DeepgramServer(utterances=["my number is|one two three"]) as server:
        audio = silence(200) + tone(2000) + silence(800)
        events = await hear(DeepgramStt(replace(spec, base_url=server.base_url)), audio)
    assert [(final.text, final.end_of_turn) for final in finals(events)] == [
        ("my number is", False),
        ("one two three", True),
    ]


async def test_without_speech_final_there_is_an_utterance_end(server, spec):
    server.faults = Faults(never_speech_final=True)
    events = await hear(DeepgramStt(spec), PHRASE)
    assert [(final.text, final.end_of_turn) for final in finals(events)] == [("what can you do", False)]
    assert sum(isinstance(event, SttUtteranceEnded) for event in events) == 1


async def test_eager_ends_only_when_asked_for(spec):
    calm = await hear(DeepgramFluxStt(spec), PHRASE)
    eager = await hear(DeepgramFluxStt(replace(spec, options={"eager_eot_threshold": 0.5})), PHRASE)
    assert not any(isinstance(event, SttEagerEnd) for event in calm)
    assert SttEagerEnd("s", "what can you do") in eager


@pytest.mark.parametrize(
    ("faults", "words", "permanent"),
    [
        (Faults(refuse=401), "Invalid credentials", True),
        (Faults(refuse=402), "credits", True),
        (Faults(refuse=500), "HTTP 500", False),
        (Faults(error="no such luck"), "no such luck", False),
        (Faults(drop_at_ms=100), "1006", False),
        (Faults(drop_at_ms=100, drop_code=1011, drop_reason="NET-0000"), "NET-0000", False),
        (Faults(drop_at_ms=100, drop_code=1008, drop_reason="DATA-0000"), "DATA-0000", True),
        (Faults(silent=True), "fell silent", False),
    ],
)
async def test_failures_have_the_providers_words(server, spec, faults, words, permanent):
    server.faults = faults
    failed = failure(await hear(DeepgramStt(spec, deadlines=Deadlines(stall_s=0.4)), tone(600), wait_s=1.5))
    assert words in failed.error
    assert failed.permanent is permanent
    assert spec.api_key not in failed.error


async def test_a_server_that_says_nothing_of_silence_is_no_silent_one(server, spec):
    server.faults = Faults(silent=True)
    quiet = DeepgramStt(spec, deadlines=Deadlines(stall_s=0.2, idle_s=0.2))
    events = await hear(quiet, silence(600), wait_s=0.6)
    assert not any(isinstance(event, SttFailed) for event in events)


@pytest.mark.parametrize(
    "change", [{"api_key": None}, {"base_url": "ftp://x"}, {"options": {"endpointing_ms": "soon"}}]
)
async def test_settings_that_cannot_work_are_failures_not_exceptions(spec, change):
    bad = replace(spec, **change)
    assert failure(await hear(DeepgramStt(bad), b"")).permanent
    events: list[Any] = []
    await DeepgramTts(replace(bad, options={"speed": "fast"})).say("t", "Hello.", events.append)
    assert [type(event) for event in events] == [TtsFailed]
    assert events[0].permanent


async def test_nobody_listens_there(spec):
    events = await hear(DeepgramStt(replace(spec, base_url="http://127.0.0.1:9")), b"")
    assert not failure(events).permanent


async def test_flux_is_open_when_it_is_greeted(server, spec):
    server.faults = Faults(silent=True)
    events = await hear(DeepgramFluxStt(spec, Deadlines(connect_s=0.3)), b"", wait_s=1)
    assert not any(isinstance(event, SttOpened) for event in events)
    assert not failure(events).permanent


async def test_the_oldest_audio_is_dropped():
    outbox = Outbox()
    for number in range(200):
        outbox.put_audio(bytes([number]) * FRAME_BYTES)
    outbox.put_control("end")
    *messages, end = await outbox.take()
    audio = b"".join(message for message in messages if isinstance(message, bytes))
    assert end == "end"
    assert audio[:1] == bytes([100])
    assert len(audio) == MOST_WAITING_MS * 8
    assert outbox.dropped_ms == 2000


async def test_an_empty_message_would_end_the_stream_and_is_never_sent():
    outbox = Outbox()
    outbox.put_audio(b"")
    assert not outbox


# -- the voice ----------------------------------------------------------------------------------


async def say(tts, text="Hello, who is speaking?", say_id="t"):
    events: list[Any] = []
    await tts.say(say_id, text, events.append)
    return events


async def cut(tts, after_s=0.1):
    task = asyncio.create_task(tts.say("cut", "This will be cut. " * 60, lambda _: None))
    await asyncio.sleep(after_s)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_one_socket_says_everything(server, spec):
    tts = DeepgramTts(spec)
    for _ in range(3):
        assert (await say(tts))[-1] == TtsDone("t")
    await tts.close()
    [session] = server.sessions
    assert session.controls == ["Speak", "Flush"] * 3 + ["Close"]


@pytest.mark.parametrize(
    "faults", [Faults(late_after_clear=5), Faults(late_after_clear=2, flushed_after_clear=True)]
)
async def test_what_comes_late_after_a_cut_is_not_heard(server, spec, faults):
    server.faults = faults
    tts = DeepgramTts(spec)
    whole = await say(tts)
    await cut(tts)
    assert await say(tts) == whole
    await cut(tts)
    await cut(tts)
    assert await say(tts) == whole
    await tts.close()
    [session] = server.sessions
    assert session.controls.count("Clear") == 3


async def test_a_socket_that_has_flushed_enough_is_replaced(server, spec, monkeypatch):
    tts = DeepgramTts(spec)
    for _ in range(wire.MOST_FLUSHES + 1):
        assert (await say(tts, "Yes."))[-1] == TtsDone("t")
    await tts.close()
    assert [session.controls.count("Flush") for session in server.sessions] == [20, 1]


async def test_a_kept_socket_that_died_is_opened_again(server, spec):
    tts = DeepgramTts(spec)
    whole = await say(tts)
    server.script = [Faults()]
    await server.drop_all()
    assert await say(tts) == whole
    await tts.close()
    assert len(server.sessions) == 2


async def test_a_refusal_in_words(server, spec):
    server.faults = Faults(error="not today")
    events = await say(DeepgramTts(spec))
    assert isinstance(events[-1], TtsFailed)
    assert "not today" in events[-1].error


async def test_no_log_shows_the_key(spec, caplog):
    caplog.set_level("DEBUG")
    await say(DeepgramTts(spec))
    assert spec.api_key not in "".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("websockets.server")
    )
    assert spec.api_key not in repr(spec)

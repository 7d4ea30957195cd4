"""What goes wrong at Telnyx alone: webhooks in no order, media in any order or codec, sockets that return."""

from __future__ import annotations

from base64 import b64decode
from itertools import pairwise

import pytest

from patter.audio.codecs import decoder
from patter.simulators.script import Digits, HangUp, Listen, Say, Wait
from patter.simulators.sound import is_audible

from .line import Line

SHORT = HangUp(at_ms=300)


@pytest.fixture
async def line():
    async with Line("telnyx") as line:
        yield line


def answers(call, about):
    return [fact.data["status"] for fact in call.of_kind("webhook") if fact.data["about"] == about]


async def test_every_webhook_comes_twice(line):
    await line.ring(SHORT, duplicate_webhooks=True)
    assert line.told and all(line.told.count(kind) == 2 for kind in line.told)


async def test_every_webhook_comes_late(line):
    call = await line.ring(SHORT, late_webhook_s=0.3)
    assert call.answered_ms >= 300


async def test_webhooks_come_backwards(line):
    call = await line.dial(Listen(), shuffled_webhooks=True)
    await call.reached("stream_started")
    call.end("caller_hung_up")
    await call.ended()
    assert line.told.index("streaming.stopped") < line.told.index("streaming.started")


async def test_an_old_and_a_garbled_webhook_come_first(line):
    call = await line.ring(SHORT, old_webhook=True)
    assert answers(call, "old") == [200], "this application looks at no time"
    call = await line.dial(SHORT, garbage_webhook=True)
    await call.ended()
    assert answers(call, "garbage") and call.of_kind("webhook")[0].data["about"] == "garbage"


@pytest.mark.parametrize(
    ("faults", "encoding", "rate_hz", "order"),
    [
        ({"leg_codec": "PCMA"}, "PCMA", 8000, "little"),
        ({"leg_codec": "L16", "keeps_codec": True}, "L16", 16_000, "little"),
        ({"leg_codec": "L16", "big_endian": True}, "L16", 16_000, "big"),
    ],
)
async def test_another_codec_than_the_usual(line, faults, encoding, rate_hz, order):
    await line.ring(Say("x" * 5, patience_ms=100), HangUp(at_ms=800), **faults)
    [start] = line.socket.events("start")
    assert start["start"]["media_format"] == {"encoding": encoding, "sample_rate": rate_hz, "channels": 1}
    reader = decoder(encoding, rate_hz, order)
    heard = [reader.feed(b64decode(event["media"]["payload"])) for event in line.socket.events("media")]
    assert is_audible(b"".join(heard)) and not is_audible(heard[0])


async def test_a_codec_that_this_simulator_cannot_speak_is_announced_all_the_same(line):
    await line.ring(SHORT, leg_codec="G722", keeps_codec=True)
    assert line.socket.events("start")[0]["start"]["media_format"]["encoding"] == "G722"


async def test_parameters_as_a_list(line):
    await line.ring(SHORT, parameters_as_list=True)
    assert line.socket.events("start")[0]["start"]["custom_parameters"] == []


async def test_media_in_any_order_twice_and_not_at_all(line):
    for fault in ("shuffled_media", "repeated_media", "lost_media"):
        await line.ring(HangUp(at_ms=600), **{fault: True})
    chunks = [[int(event["media"]["chunk"]) for event in socket.events("media")] for socket in line.sockets]
    shuffled, repeated, lost = ([b - a for a, b in pairwise(row)] for row in chunks)
    assert min(shuffled) < 0 < max(shuffled)
    assert 0 in repeated and set(repeated) == {0, 1}
    assert set(lost) == {1, 2}


async def test_keys_in_the_wrong_order(line):
    await line.ring(Wait(600), Digits("12", patience_ms=0), HangUp(at_ms=1200), shuffled_digits=True)
    keys = line.socket.events("dtmf")
    assert [event["dtmf"]["digit"] for event in keys] == ["2", "1"]
    assert keys[0]["occurred_at"] > keys[1]["occurred_at"], "their own times are right"


async def test_a_socket_that_is_opened_again(line):
    await line.ring(HangUp(at_ms=800), lose_socket_at_ms=150, reconnects=True)
    first, second = line.sockets[:2]
    assert first.events("start")[0]["stream_id"] != second.events("start")[0]["stream_id"]


async def test_a_call_to_which_nothing_is_sent(line):
    call = await line.ring(Listen(), drops_mute_calls=True)
    assert (call.cause, call.duration_s) == ("mute_call_dropped", 2)


async def test_hanging_up_a_call_that_is_over(line):
    call = await line.dial(Listen(), hang_up_422=True)
    await call.reached("stream_started")
    answer = await line.command(call.sid, "hangup")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "90018")
    await call.ended()
    assert call.cause == "application_hung_up"


async def test_a_caller_who_is_gone_before_the_answer(line):
    call = await line.ring(Listen(), hangs_up_first=True)
    assert (call.cause, call.answered_ms, line.sockets) == ("caller_hung_up", None, [])


async def test_a_socket_that_cannot_be_opened(line):
    call = await line.dial(Listen(), socket_fails=1)
    await call.reached("stream_failed")
    stream = {"stream_url": line.media_url}
    assert (await line.command(call.sid, "streaming_start", **stream)).status_code == 200
    await call.reached("stream_started")

"""When parts fail in mid-call: ears, voice, whoever replies."""

from __future__ import annotations

from patter.bridge.commands import (
    HandlerAsk,
    HandlerStop,
    LlmAsk,
    LlmStop,
    SttAudio,
    SttOpen,
    SttStop,
    TtsSay,
)
from patter.bridge.events import (
    HandlerDelta,
    HandlerFailed,
    LlmDelta,
    SttClosed,
    SttFailed,
    SttOpened,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.stt_line import SttLine
from patter.testing.scene import VOICE, Scene


def answered(text: str = "One is here. Two is there now.", **plan: object) -> Scene:
    call = Scene(speaks=False, **plan).open()  # type: ignore[arg-type]
    call.says("hello there")
    call.handler_says(text)
    return call


def test_ears_that_die_in_mid_word_get_the_word_again() -> None:
    call = Scene().open()
    call.pass_ms(400, VOICE)
    old = call.stt_id
    call.feed(SttClosed(old), SttFailed(old, "late"))
    call.pass_ms(500, VOICE)
    call.feed(SttOpened(call.stt_id))
    sent = [audio.payload for audio in call.all(SttAudio) if audio.stt_id == "stt2"]
    assert sent == [VOICE] * 45, "from the first frame, once"
    assert len(call.all(SttOpen)) == 2


def test_ears_that_never_open_are_tried_again_and_then_given_up() -> None:
    line, now = SttLine(), 0.0
    opens = line.open(now)
    while not line.dead:
        due = line.next_timer()
        assert due is not None
        now = due
        if line.is_late(now):
            line.failed(SttFailed(line.stt_id, "late"), now)
        opens += line.handle_timer(now)
    assert len(opens) == 4
    assert line.opened(SttOpened("stt4"), now) == []
    assert line.stop() == [SttStop("stt4")]


def test_ears_that_held_long_are_not_counted_with_old_failures() -> None:
    line, now = SttLine(), 0.0
    assert line.stop() == []
    line.open(now)
    for _ in range(10):
        line.opened(SttOpened(line.stt_id), now)
        now += 60
        assert line.failed(SttClosed(line.stt_id), now)
        line.handle_timer(now + 1)
    assert not line.dead


def test_a_recogniser_that_says_nothing_at_all_is_late() -> None:
    call = Scene().open()
    call.machine._engine._stt._open, call.machine._engine._stt._open_until = False, call.now + 5  # type: ignore
    call.pass_ms(5600)
    assert "stt.failed" in call.kinds
    assert SttStop("stt1") in call.commands


def test_a_voice_that_fails_before_any_audio_is_tried_once_more() -> None:
    call = answered()
    first = call.all(TtsSay)[0]
    call.feed(TtsFailed(first.say_id, "x"))
    assert call.last(TtsSay) == first
    call.feed(TtsFailed(first.say_id, "x"))
    call.pass_ms(500)
    assert call.turns == [("user", "hello there")]


def test_a_voice_that_fails_in_the_second_chunk_lets_the_first_be_heard() -> None:
    call = answered()
    first, second = call.all(TtsSay)
    call.feed(TtsFailed(second.say_id, "x", permanent=True), TtsFailed(second.say_id, "again"))
    call.feed(TtsAudio(first.say_id, b"\x90" * 8 * 400), TtsDone(first.say_id), TtsDone(first.say_id))
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "One is here.")
    call.check()


def test_chunks_that_come_out_of_order_are_heard_in_order() -> None:
    call = answered()
    first, second = call.all(TtsSay)
    call.feed(TtsAudio(second.say_id, b"\x22" * 1600), TtsDone(second.say_id))
    call.feed(TtsAudio(first.say_id, b"\x11" * 1600), TtsAudio(second.say_id, b"\x33"), TtsDone(first.say_id))
    call.pass_ms(800)
    assert bytes(call.played) == b"\x11" * 1600 + b"\x22" * 1600
    assert call.turns[-1][1] == "One is here. Two is there now."


def test_a_voice_that_never_says_anything_is_a_failure() -> None:
    call = answered()
    call.pass_ms(10_200)
    assert "reply.failed" in call.kinds
    assert call.last(TtsSay).text == "Could you say it again?"
    call.pass_ms(25_000)
    assert call.end is not None and call.end.reason == "provider_error"
    call.check()


def test_a_voice_that_dies_stops_whoever_is_still_answering() -> None:
    for reply_by, stop in (("handler", HandlerStop), ("model", LlmStop)):
        call = Scene(speaks=False, reply_by=reply_by).open()
        call.says("hello there")
        if reply_by == "handler":
            call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "A first sentence. "))
        else:
            call.feed(LlmDelta(call.last(LlmAsk).ask_id, "A first sentence. "))
        call.feed(TtsFailed(call.last(TtsSay).say_id, "401", permanent=True))
        assert len(call.all(stop)) == 1


def test_a_handler_that_stops_in_the_middle_is_finished_and_asked_again() -> None:
    call = Scene(turn_taking=TurnTaking(handler_timeout_s=3)).open()
    call.says("hello there")
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "We open at nine. And"))
    call.pass_ms(7500)
    assert call.turns[-1][1].startswith("We open at nine. And Sorry, I did not get that.")
    call.check()


def test_a_reply_that_cannot_be_spoken_is_no_turn() -> None:
    call = answered("👍")
    call.pass_ms(500)
    assert call.turns == [("user", "hello there")]
    call.check()


def test_odd_pieces_of_audio_do_not_shift_what_was_heard() -> None:
    call = answered("One two three four five six seven eight.")
    say = call.last(TtsSay).say_id
    call.feed(*[TtsAudio(say, b"\x90" * 7) for _ in range(2000)], TtsDone(say))
    reply = call.machine._engine._replies.current  # type: ignore[attr-defined]
    assert reply.script.spans[0].audio_ms == 1750


def test_a_sentence_that_broke_off_is_not_run_into_the_phrase_that_asks_again() -> None:
    call = Scene().open()
    call.says("hello there")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "We open at nine. And we"), HandlerFailed(turn_id, "handler_error", "x"))
    call.pass_ms(6000)
    assert [say.text for say in call.all(TtsSay)][:3] == [
        "We open at nine.", "And we", "Sorry, I did not get that.",
    ]  # fmt: skip

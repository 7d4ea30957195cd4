"""Replies that are prepared before the caller is surely done."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, LlmAsk, LlmStop, Play, ToolRun, TtsSay, TtsStop
from patter.bridge.events import (
    DigitPressed,
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    SayAsked,
    SttEagerEnd,
    SttResumed,
    TtsFailed,
)
from patter.bridge.plan import TurnTaking
from patter.bridge.records import Noted, TurnSettled
from patter.testing.scene import VOICE, Scene


def likely(text: str = "a table for two", **plan: object) -> Scene:
    """A caller who has probably said everything."""
    call = Scene(reply_by="model", **plan).open()  # type: ignore[arg-type]
    call.pass_ms(600, VOICE)
    call.feed(SttEagerEnd(call.stt_id, text))
    return call


def evidence(call: Scene) -> dict[str, object]:
    return dict([note for note in call.notes(Noted) if note.kind == "turn.ended"][-1].data)


def test_a_guess_is_asked_and_synthesised_and_not_heard() -> None:
    call = likely()
    assert call.last(LlmAsk).messages[-1] == {"role": "user", "content": "a table for two"}
    call.model_says("At what time shall I book it? We have seven and eight. Or nine, if you like.")
    call.pass_ms(400)
    assert len(call.all(TtsSay)) == 1, "one chunk ahead"
    assert not call.all(Play)
    assert call.turns == []


def test_a_guess_that_was_right_is_heard_at_once() -> None:
    call = likely()
    call.model_says("At what time shall I book it? We have seven and eight.")
    call.pass_ms(200)
    call.hears("A table for two.")
    assert len(call.all(LlmAsk)) == 1
    assert call.all(Play)
    assert evidence(call)["speculated"] is True
    call.pass_ms(5000)
    assert call.turns == [
        ("user", "A table for two."),
        ("assistant", "At what time shall I book it? We have seven and eight."),
    ]
    row = call.notes(TurnSettled)[-1].latency
    assert (row["reply_ms"], row["speech_ms"], row["line_ms"]) == (0, 0, 0)
    assert call.notes(TurnSettled)[0].turn_id == call.notes(TurnSettled)[1].turn_id
    call.check()


def test_a_guess_still_streaming_goes_on_as_the_answer() -> None:
    call = likely()
    ask = call.last(LlmAsk).ask_id
    call.feed(LlmDelta(ask, "At what "))
    call.hears("a table for two")
    call.feed(LlmDelta(ask, "time shall I book it?"), LlmDone(ask))
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", "At what time shall I book it?")
    assert len(call.all(LlmAsk)) == 1


def test_other_words_stop_everything_that_was_prepared() -> None:
    call = likely()
    ask = call.last(LlmAsk).ask_id
    call.speaks = False
    call.feed(LlmDelta(ask, "At what time shall I book it? "))
    call.hears("a table for two hundred")
    assert call.last(LlmStop).ask_id == ask
    assert call.last(TtsStop).say_id == call.last(TtsSay).say_id
    assert call.last(LlmAsk).ask_id != ask
    assert "speculated" not in evidence(call)
    call.feed(LlmDelta(ask, "Late. "), LlmDone(ask))
    assert not call.all(Play)


def test_a_caller_who_resumes_ends_the_guess() -> None:
    call = likely()
    call.feed(SttResumed(call.stt_id))
    assert call.last(LlmStop).ask_id == call.last(LlmAsk).ask_id
    call.feed(SttEagerEnd(call.stt_id, "a table for two"))
    assert len(call.all(LlmAsk)) == 2


def test_no_tool_runs_for_a_guess() -> None:
    call = likely()
    ask = call.last(LlmAsk).ask_id
    call.feed(LlmToolCall(ask, "1", "book", "{}"), LlmDone(ask))
    call.pass_ms(200)
    assert not call.all(ToolRun)
    call.hears("a table for two")
    assert call.last(ToolRun).name == "book"


def test_a_text_that_stands_still_is_guessed_too() -> None:
    call = Scene(reply_by="model").open()
    call.pass_ms(600, VOICE)
    call.hears("a table", final=False, end_of_turn=False)
    call.pass_ms(280)
    assert not call.all(LlmAsk)
    call.pass_ms(40)
    assert call.last(LlmAsk).messages[-1]["content"] == "a table"


def test_nobody_guesses_for_a_handler_or_against_the_setting() -> None:
    call = Scene().open()
    call.feed(SttEagerEnd(call.stt_id, "a table"))
    assert not call.all(HandlerAsk)
    call = likely(turn_taking=TurnTaking(speculation=False))
    assert not call.all(LlmAsk)


def test_a_guess_that_fails_is_forgotten_and_the_model_asked_again() -> None:
    for voice in (False, True):
        call = likely()
        ask = call.last(LlmAsk).ask_id
        call.speaks = False
        call.feed(LlmDelta(ask, "At what time shall I book it? "))
        call.feed(TtsFailed(call.last(TtsSay).say_id, "x") if voice else LlmFailed(ask, "x"))
        call.hears("a table for two")
        assert len(call.all(LlmAsk)) == 2
        assert "reply.failed" not in call.kinds


def test_whatever_else_is_said_ends_the_guess() -> None:
    for event in (SayAsked("We close now."), DigitPressed("1")):
        call = likely()
        ask = call.last(LlmAsk).ask_id
        call.feed(event)
        assert ask in [stop.ask_id for stop in call.all(LlmStop)]

"""What comes at a moment at which nobody expects it, and changes nothing or just what it should."""

from __future__ import annotations

from patter.bridge.commands import Clear, LlmAsk, LlmStop, Play, TtsSay
from patter.bridge.events import (
    DigitPressed,
    HandlerDelta,
    HangUpAsked,
    LegOpened,
    LlmDelta,
    LlmDone,
    MachineHeard,
    SttEagerEnd,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import TurnTaking
from patter.bridge.playback import Playback
from patter.engines.pipeline.sentences import LONGEST, Sentences
from patter.testing.scene import Scene


def thinking() -> Scene:
    """The caller has probably said all, and the model was asked already."""
    call = Scene(reply_by="model").open()
    call.hears("hello there", final=False, end_of_turn=False)
    call.feed(SttEagerEnd(call.stt_id, "hello there"))
    assert [ask.ask_id for ask in call.all(LlmAsk)] == ["g1"]
    return call


def test_the_same_words_are_not_thought_about_twice() -> None:
    call = thinking()
    call.feed(SttEagerEnd(call.stt_id, "Hello there."))
    assert len(call.all(LlmAsk)) == 1


def test_a_key_after_words_makes_the_thought_a_wrong_one() -> None:
    call = thinking()
    call.feed(DigitPressed("1"))
    assert LlmStop("g1") in call.commands
    assert call.last(LlmAsk).messages[-1]["content"] == "[DTMF: 1]"
    assert call.last(LlmAsk).messages[-2]["content"] == "hello there"


def test_what_belongs_to_nobody_goes_by_while_something_is_prepared() -> None:
    call = thinking()
    before = len(call.commands)
    call.feed(HandlerDelta("t9", "Who?"), TtsDone("t9.0"))
    assert call.commands[before:] == []
    call.feed(LlmDelta("g1", "Good morning."), LlmDone("g1"), LlmDelta("g1", " More."))
    call.hears("hello there")
    call.pass_ms(2000)
    assert call.turns == [("user", "hello there"), ("assistant", "Good morning.")]


def test_words_that_go_on_before_the_answer_was_heard_are_thought_about_together() -> None:
    call = Scene(reply_by="model").open()
    call.says("I want a table.")
    call.model_says("For when? I have one at eight.")
    assert call.all(Play)  # it was sent a moment ago, and nothing of it was heard
    call.hears("for two", final=False, end_of_turn=False)
    assert call.all(Clear)
    call.feed(SttEagerEnd(call.stt_id, "for two people"))
    assert call.last(LlmAsk).messages[-1]["content"] == "I want a table. for two people"


def test_nobody_is_asked_whether_they_are_there_while_they_are_speaking() -> None:
    values = TurnTaking(idle_prompt_s=3, max_turn_delay_ms=15_000, turn_timeout_ms=5000)
    call = Scene(turn_taking=values).open()
    call.hears("let me think", final=False, end_of_turn=False)
    call.pass_ms(5000)
    assert call.all(TtsSay) == []


def test_a_voice_that_fails_after_it_was_done_is_believed_the_first_time() -> None:
    call = Scene(speaks=False).open()
    call.says("hello there")
    call.handler_says("One is here now. Two is there now.")
    first, second = call.all(TtsSay)
    for said in (second, first):
        call.feed(TtsAudio(said.say_id, b"\x90" * 8 * 400), TtsDone(said.say_id))
        call.feed(TtsFailed(said.say_id, "x"), TtsDone("t9.9"))
    call.pass_ms(1500)
    assert call.turns[-1] == ("assistant", "One is here now. Two is there now.")


def test_a_line_that_opens_after_the_end_opens_nothing() -> None:
    call = Scene().open()
    call.feed(HangUpAsked())
    assert call.end is not None
    before = len(call.commands)
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    assert call.commands[before:] == []


def test_a_verdict_before_anybody_is_on_the_line_is_none() -> None:
    call = Scene()
    assert call.feed(MachineHeard("machine")) == []


def test_what_is_not_paused_cannot_be_resumed() -> None:
    assert Playback().resume(1.0) == []


def test_a_sentence_without_end_is_cut_at_a_word() -> None:
    text = "word " * (LONGEST // 5 + 10) + "end. More."
    cutter = Sentences()
    chunks = [*cutter.push(text), *cutter.flush()]
    assert "".join(chunks) == text
    assert all(len(chunk) <= LONGEST for chunk in chunks)


def test_a_voice_that_is_faster_than_anybody_hears_is_asked_for_ten_seconds_ahead() -> None:
    call = Scene().open()
    call.says("tell me a story")
    sentences = [f"This is the sentence with the number {number} of it." for number in range(10, 30)]
    call.handler_says(" ".join(sentences))  # more than 40 s, and each is spoken at once
    asked = len(call.all(TtsSay))
    assert 10_000 <= asked * 50 * len(sentences[0]) <= 15_000
    call.pass_ms(5000)
    assert asked < len(call.all(TtsSay)) < len(sentences)
    call.pass_ms(45_000)
    assert call.turns[-1] == ("assistant", " ".join(sentences))
    call.check()

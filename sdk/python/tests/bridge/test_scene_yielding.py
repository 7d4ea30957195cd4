"""The caller speaks on while an answer is being made: it waits for them, and is not said over them."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, HandlerStop, Play, TtsSay
from patter.bridge.events import HandlerDelta
from patter.bridge.plan import TurnTaking
from patter.testing.scene import VOICE, Scene

ANSWER = "For when? I have one at eight in the evening."


def asked(**plan: object) -> Scene:
    """Somebody replies, and has said nothing yet."""
    call = Scene(**plan).open()  # type: ignore[arg-type]
    call.says("I want a table.")
    call.pass_ms(300)
    return call


def answered_within(voice_ms: int) -> Scene:
    """The answer comes in the middle of a voice of this length."""
    call = asked()
    call.pass_ms(voice_ms // 40 * 20, VOICE)
    call.handler_says(ANSWER)
    call.pass_ms(voice_ms - voice_ms // 40 * 20, VOICE)
    return call


def test_what_they_add_is_answered_together_and_nothing_was_said_over_them() -> None:
    call = answered_within(1400)
    call.pass_ms(300)
    assert not call.all(Play)
    call.hears("for two people")
    assert call.all(HandlerStop) == [HandlerStop("t1", "")]
    assert call.last(HandlerAsk).text == "I want a table. for two people"
    call.handler_says("For two, at eight.")
    call.pass_ms(2000)
    assert call.turns == [("user", "I want a table. for two people"), ("assistant", "For two, at eight.")]
    call.check()


def test_they_may_add_something_twice() -> None:
    call = answered_within(600)
    call.pass_ms(300)
    call.hears("for two")
    call.pass_ms(200)
    call.pass_ms(200, VOICE)
    call.handler_says("Two. When?")
    call.pass_ms(400, VOICE)
    call.hears("at eight", final=False, end_of_turn=False)
    call.pass_ms(1500)  # longer than any cough is waited for: words are there
    assert not call.all(Play)
    call.hears("at eight")
    assert call.last(HandlerAsk).text == "I want a table. for two at eight"
    assert [turn["role"] for turn in call.last(HandlerAsk).history] == ["user"]
    call.check()


def test_a_reply_of_which_no_word_was_heard_leaves_their_turn_open() -> None:
    call = asked()
    call.handler_says(ANSWER)
    call.pass_ms(100)
    call.hears("for two people")
    assert call.all(HandlerStop) == [HandlerStop("t1", "")]
    assert call.last(HandlerAsk).history == [{"role": "user", "text": "I want a table. for two people"}]
    call.check()


def test_a_word_that_was_heard_ends_their_turn() -> None:
    call = asked()
    call.handler_says(ANSWER)
    call.pass_ms(600)
    call.hears("for two people")
    assert [turn["role"] for turn in call.last(HandlerAsk).history] == ["user", "assistant", "user"]


def test_a_cough_keeps_the_answer_back_and_does_not_lose_it() -> None:
    call = answered_within(260)
    call.pass_ms(900)
    assert not call.all(Play)
    call.pass_ms(200)
    assert call.all(Play)
    call.pass_ms(4000)
    assert call.turns == [("user", "I want a table."), ("assistant", ANSWER)]
    assert len(call.all(HandlerAsk)) == 1 and not call.all(HandlerStop)
    call.check()


def test_a_goodbye_waits_for_nobody() -> None:
    call = Scene(reply_by="model").open(age_ms=2500)
    call.says("thanks bye")
    call.pass_ms(300, VOICE)
    call.model_says("Goodbye then.", tool="end_call")
    call.pass_ms(200, VOICE)
    assert call.all(Play)
    call.pass_ms(2000)
    assert call.end is not None and call.end.reason == "agent_ended"
    call.check()


def test_a_click_keeps_nothing_back() -> None:
    call = asked()
    call.pass_ms(80, VOICE)
    call.pass_ms(400)
    call.handler_says(ANSWER)
    call.pass_ms(40)
    assert call.all(Play)


def test_a_noise_without_end_is_spoken_over() -> None:
    call = answered_within(2800)
    assert not call.all(Play)
    call.pass_ms(400, VOICE)
    assert call.all(Play)
    call.check()


def test_while_they_speak_nobody_is_told_that_it_takes_a_moment() -> None:
    call = asked(turn_taking=TurnTaking(filler_after_ms=600))
    call.pass_ms(1000, VOICE)
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, " "))
    call.pass_ms(300)
    assert not call.all(TtsSay)


@pytest.mark.parametrize("speaks", ["idle", "first"])
def test_a_prompt_waits_for_a_caller_who_begins_with_it_and_a_greeting_answers_them(speaks: str) -> None:
    first = "Hello, this is Acme." if speaks == "first" else ""
    call = Scene(speaks=False, first_message=first, turn_taking=TurnTaking(idle_prompt_s=3)).open()
    call.pass_ms(3100 if speaks == "idle" else 40)
    said = call.last(TtsSay)
    call.pass_ms(200, VOICE)
    call.speak(said.say_id, said.text)
    call.pass_ms(300, VOICE)
    assert bool(call.all(Play)) is (speaks == "first")

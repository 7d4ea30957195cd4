"""With a handler: the caller speaks on while an answer is being made, and it is not read over them."""

import pytest

from patter.bridge.commands import HandlerAsk, HandlerStop
from patter.bridge.events import HandlerDelta, HandlerDone
from patter.bridge.plan import TurnTaking
from patter.engines.realtime.wire import Committed, SpeechStarted, SpeechStopped, UserSaid
from patter.testing.realtime_scene import Scene


def asked(**plan):
    call = Scene(reply_by="handler", **plan)
    call.says("I want a table.")
    return call


def goes_on(call):
    call.provider(SpeechStarted("u9", call.media_ms))
    call.pass_ms(200)


def stops(call, text):
    call.provider(SpeechStopped("u9", call.media_ms), Committed("u9", ""))
    call.pass_ms(200)
    call.provider(UserSaid("u9", text))


def answers(call, text="For when?"):
    turn = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn, text), HandlerDone(turn))


def test_what_they_add_is_answered_together():
    call = asked()
    goes_on(call)
    answers(call)
    call.pass_ms(400)
    assert call.of_type("response.create") == []
    stops(call, "For two people.")
    assert call.all(HandlerStop) == [HandlerStop("t1", "")]
    assert call.last(HandlerAsk).text == "I want a table. For two people."
    answers(call, "For two.")
    call.reads("For two.")
    call.pass_ms(1000)
    assert call.turns == [("user", "I want a table. For two people."), ("assistant", "For two.")]


@pytest.mark.parametrize("said", ["", None], ids=["a cough", "nothing understood"])
def test_a_voice_without_words_loses_no_answer(said):
    call = asked()
    goes_on(call)
    answers(call)
    stops(call, said)
    assert len(call.of_type("response.create")) == 1
    call.reads("For when?")
    call.pass_ms(1000)
    assert call.turns == [("user", "I want a table."), ("assistant", "For when?")]
    assert not call.all(HandlerStop)


def test_a_noise_without_end_is_spoken_over():
    call = asked()
    goes_on(call)
    answers(call)
    call.pass_ms(5900)
    assert call.of_type("response.create") == []
    call.pass_ms(200)
    assert len(call.of_type("response.create")) == 1


def test_a_silence_of_the_handler_stays_one():
    call = asked()
    goes_on(call)
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    stops(call, "")
    call.pass_ms(1000)
    assert call.of_type("response.create") == []


def test_while_they_speak_nobody_is_told_that_it_takes_a_moment():
    call = asked(turn_taking=TurnTaking(filler_after_ms=500))
    goes_on(call)
    call.pass_ms(1000)
    assert call.of_type("response.create") == []


def test_an_answer_that_has_begun_is_read_to_its_end_or_cut():
    call = asked()
    answers(call, "For when is it? We have one at eight.")
    goes_on(call)
    assert len(call.of_type("response.create")) == 1
    call.reads("For when is it?")
    assert len(call.of_type("response.create")) == 2

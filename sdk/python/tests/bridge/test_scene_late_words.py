"""A recogniser that tells words only when they ended: a reply does not go on before it has told them."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, Play, TtsSay
from patter.bridge.events import SttFailed, SttSpeechStarted, SttUtteranceEnded
from patter.testing.scene import VOICE, Scene

LONG = "We open at nine in the morning and close at ten in the evening, every day but Sunday."


def spoken_over(*, interims: bool = False) -> Scene:
    """A short voice over a reply; the reply pauses."""
    call = Scene().open()
    call.says("tell me everything")
    call.handler_says(LONG)
    call.pass_ms(1500)
    call.feed(SttSpeechStarted(call.stt_id, interims))
    call.pass_ms(400, VOICE)
    assert call.kinds[-1] == "barge_in.suspected"
    return call


def played(call: Scene) -> int:
    return len(call.all(Play))


def test_late_words_end_the_reply_before_it_went_on() -> None:
    call = spoken_over()
    before = played(call)
    call.pass_ms(1700)
    assert played(call) == before
    call.hears("stop")
    assert played(call) == before and "barge_in.denied" not in call.kinds
    assert call.last(HandlerAsk).text == "stop"
    call.check()


@pytest.mark.parametrize("how", ["no words", "it fails", "it says nothing at all", "it tells interims"])
def test_a_cough_is_waited_for_no_longer_than_it_takes_to_know_it(how: str) -> None:
    call = spoken_over(interims=how == "it tells interims")
    before = played(call)
    call.pass_ms(900)
    if how == "no words":
        call.feed(SttUtteranceEnded(call.stt_id))
    if how == "it fails":
        call.feed(SttFailed(call.stt_id, "gone"))
    call.pass_ms(200)
    waits = how == "it says nothing at all"
    assert (played(call) == before) is waits
    call.pass_ms(1000)
    assert played(call) > before
    call.pass_ms(6000)
    assert call.turns[-1] == ("assistant", LONG)
    call.check()


@pytest.mark.parametrize("words", [True, False])
def test_an_answer_that_is_ready_waits_for_them_too(words: bool) -> None:
    call = Scene().open()
    call.says("I want a table")
    call.feed(SttSpeechStarted(call.stt_id, interims=False))
    call.pass_ms(400, VOICE)
    call.handler_says("For when?")
    call.pass_ms(1700)
    assert not call.all(Play)
    if words:
        call.hears("for two")
        assert call.last(HandlerAsk).text == "I want a table for two"
    else:
        call.feed(SttUtteranceEnded(call.stt_id))
        call.pass_ms(20)
        assert call.all(Play)


def test_another_recogniser_s_voice_is_not_waited_for() -> None:
    call = spoken_over(interims=True)
    call.feed(SttSpeechStarted("stt9", interims=False))
    before = played(call)
    call.pass_ms(1200)
    assert played(call) > before


@pytest.mark.parametrize("over", ["a reply", "silence"])
def test_a_long_noise_that_stopped_the_agent_is_asked_about_as_soon_as_it_is_known(over: str) -> None:
    call = Scene().open()
    call.says("tell me everything")
    call.handler_says(LONG if over == "a reply" else "Yes.")
    call.pass_ms(1500)
    call.feed(SttSpeechStarted(call.stt_id, interims=False))
    call.pass_ms(1000, VOICE)
    call.pass_ms(600)
    call.feed(SttUtteranceEnded(call.stt_id))
    asked = "Sorry, I did not get that." in [say.text for say in call.all(TtsSay)]
    assert asked is (over == "a reply")
    call.pass_ms(6000)
    assert len(call.all(HandlerAsk)) == 1
    call.check()

"""A recogniser says words again that ended a turn already: they interrupt nobody and are asked about once."""

from __future__ import annotations

import json

import pytest

from patter.bridge.commands import HandlerAsk, LlmAsk
from patter.bridge.events import DigitPressed, SttEagerEnd
from patter.engines.agent_options import ears_options
from patter.engines.pipeline.given import Given
from patter.engines.stt.deepgram_flux.wire import FluxDialect
from patter.testing.scene import VOICE, Scene
from patter.turn_taking import turn_taking_of

ANSWER = "For when shall I book it, and under which name, please?"


def flux(call: Scene, event: str, text: str) -> None:
    """Flux tells the whole turn so far, four times a second, until it ends it."""
    message = {"type": "TurnInfo", "event": event, "transcript": text}
    call.feed(*FluxDialect().decode(call.stt_id, json.dumps(message)))


def given_up(**plan: object) -> Scene:
    """The turn ended because nothing more came, and the answer is being heard."""
    call = Scene(turn_taking=turn_taking_of({"preset": "quick"}), **plan).open()  # type: ignore[arg-type]
    call.pass_ms(600, VOICE)
    for _ in range(9):
        flux(call, "Update", "A table for two")
        call.pass_ms(240)
    assert [ask.text for ask in call.all(HandlerAsk)] == ["A table for two"]
    call.handler_says(ANSWER)
    call.pass_ms(800)
    return call


@pytest.mark.parametrize("again", ["A table for two", "A table for two.", "a table for", "A table for too"])
def test_the_same_words_once_more_stop_nobody(again: str) -> None:
    call = given_up()
    flux(call, "Update", again)
    call.pass_ms(200)
    flux(call, "EndOfTurn", again)
    call.pass_ms(5000)
    assert call.turns == [("user", "A table for two"), ("assistant", ANSWER)]
    assert len(call.all(HandlerAsk)) == 1
    call.check()


def test_what_follows_them_is_heard() -> None:
    call = given_up()
    call.pass_ms(400, VOICE)
    flux(call, "Update", "A table for two at eight")
    assert "reply.cut" in call.kinds
    flux(call, "EndOfTurn", "A table for two at eight, please.")
    assert call.last(HandlerAsk).text == "at eight, please."


def test_the_next_words_are_new_ones_even_when_they_are_the_same() -> None:
    call = given_up()
    flux(call, "EndOfTurn", "A table for two")
    call.pass_ms(5000)
    call.says("A table for two")
    assert len(call.all(HandlerAsk)) == 2


def test_words_before_a_key_are_not_words_after_it() -> None:
    call = Scene().open()
    call.pass_ms(600, VOICE)
    call.hears("my number is", final=False, end_of_turn=False)
    call.feed(DigitPressed("1"))
    call.handler_says("Thank you.")
    call.hears("my number is")
    assert [ask.text for ask in call.all(HandlerAsk)] == ["[DTMF: 1]"]


def test_nothing_is_prepared_for_words_that_were_answered() -> None:
    call = Scene(reply_by="model", turn_taking=turn_taking_of({"preset": "quick"})).open()
    call.hears("a table for two", final=False, end_of_turn=False)
    call.pass_ms(2300)
    call.model_says("For when?")
    call.pass_ms(2000)
    asked = len(call.all(LlmAsk))
    call.feed(SttEagerEnd(call.stt_id, "a table for two"))
    assert len(call.all(LlmAsk)) == asked


def test_words_are_remembered_for_a_while_only() -> None:
    given = Given()
    given.add("Hello there", 1000)
    assert given.rest("hello there", 11_000) == ""
    assert given.rest("hello there", 11_001) == "hello there"
    assert given.rest("how are you doing", 2000) == "how are you doing"


@pytest.mark.parametrize(("preset", "ms"), [("quick", 1500), ("balanced", 2500), ("patient", 5000)])
def test_flux_ends_a_turn_before_the_pipeline_gives_it_up(preset: str, ms: int) -> None:
    assert ears_options("deepgram_flux", {}, {"preset": preset}, ())["eot_timeout_ms"] == ms
    own = {"eot_timeout_ms": 700}
    assert ears_options("deepgram_flux", own, {"preset": preset}, ())["eot_timeout_ms"] == 700

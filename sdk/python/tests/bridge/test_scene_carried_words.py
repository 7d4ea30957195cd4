"""A recogniser falls over in mid-sentence: what it heard stays, and is joined to what the next one hears."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, LlmAsk
from patter.bridge.events import ProviderSwitched, SttClosed, SttEagerEnd, SttFailed
from patter.engines.pipeline.carried import Carried
from patter.testing.scene import VOICE, Scene

SAID = "I would like to book a table"


def breaks(*, after_ms: int = 3000, said: str = SAID, **plan: object) -> Scene:
    """The caller speaks on while the ears change."""
    call = Scene(**plan).open()  # type: ignore[arg-type]
    call.pass_ms(after_ms, VOICE)
    call.hears(said, final=False, end_of_turn=False)
    call.feed(SttFailed(call.stt_id, "gone"))
    call.pass_ms(600, VOICE)
    assert call.stt_id == "stt2"
    return call


@pytest.mark.parametrize(
    ("next_hears", "asked"),
    [
        ("book a table for four", "I would like to book a table for four"),
        ("uld like to book a table for four", "I would like to book a table for four"),
        ("Book a table, for four.", "I would like to Book a table, for four."),
        ("I would like to book the table for four", "I would like to book the table for four"),
        ("for four please", "I would like to book a table for four please"),
        ("", SAID),
    ],
)
def test_words_that_only_the_first_one_heard_are_asked_about_too(next_hears: str, asked: str) -> None:
    call = breaks()
    call.pass_ms(300)
    call.hears(next_hears)
    assert call.last(HandlerAsk).text == asked
    call.check()


def test_what_the_next_one_says_so_far_is_joined_too_and_only_until_it_is_final() -> None:
    call = breaks()
    call.hears("a table for", final=False, end_of_turn=False)
    call.hears("a table for four", end_of_turn=False)
    call.hears("at eight")
    assert call.last(HandlerAsk).text == f"{SAID} for four at eight"
    call.handler_says("At eight.")
    call.pass_ms(1500)
    call.says("a table")
    assert call.last(HandlerAsk).text == "a table"


def test_a_sentence_that_had_just_begun_is_heard_anew() -> None:
    call = breaks(after_ms=400, said="eye wood")
    call.hears("I would like a table")
    assert call.last(HandlerAsk).text == "I would like a table"


def test_two_that_fall_over_lose_nothing_either() -> None:
    call = breaks()
    call.feed(SttClosed(call.stt_id))
    call.pass_ms(1000, VOICE)
    call.hears("a table for four")
    assert call.last(HandlerAsk).text == f"{SAID} for four"


def test_one_that_a_chain_puts_in_its_place_is_another_too() -> None:
    call = Scene().open()
    call.pass_ms(3000, VOICE)
    call.hears(SAID, final=False, end_of_turn=False)
    call.feed(ProviderSwitched("stt", "one", "two", "gone"))
    call.pass_ms(500, VOICE)
    call.hears("a table for four")
    assert call.last(HandlerAsk).text == f"{SAID} for four"
    assert "provider.switched" in call.kinds


def test_a_reply_is_prepared_for_all_of_it() -> None:
    call = breaks(reply_by="model")
    call.pass_ms(200)
    call.feed(SttEagerEnd(call.stt_id, "a table for four"))
    assert call.last(LlmAsk).messages[-1]["content"] == f"{SAID} for four"


def test_a_turn_that_ended_meanwhile_leaves_nothing_behind() -> None:
    call = breaks()
    call.pass_ms(3200)
    assert call.last(HandlerAsk).text == SAID
    call.handler_says("For how many?")
    call.pass_ms(2000)
    call.says("four")
    assert call.last(HandlerAsk).text == "four"


def test_only_the_longest_overlap_is_taken_once() -> None:
    carried = Carried()
    carried.keep("yes no no", 5000)
    assert carried.join("no no thanks") == "yes no no thanks"

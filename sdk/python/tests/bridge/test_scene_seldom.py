"""What seldom happens in a call, and must not surprise it."""

from __future__ import annotations

import json

import pytest

from patter.bridge.commands import EndSession, HandlerAsk, LlmAsk, SendDigits, TransferStart
from patter.bridge.events import (
    CallerAudio,
    DigitsAsked,
    DigitsFailed,
    HangUpAsked,
    HangUpFailed,
    LegLost,
    LlmDone,
    LlmToolCall,
    SttEagerEnd,
    TransferAsked,
    TransferMoved,
)
from patter.bridge.records import Noted
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.testing.scene import Scene

DESK = TransferPolicy((TransferTarget("desk", "+15550170"),))


def asked(**plan: object) -> Scene:
    call = Scene(reply_by="model", transfers=DESK, **plan).open()
    call.pass_ms(4000)
    call.says("a person please")
    return call


def wants(call: Scene, *tools: tuple[str, dict[str, str]]) -> None:
    ask_id = call.last(LlmAsk).ask_id
    called = (
        LlmToolCall(ask_id, f"c{at}", name, json.dumps(given)) for at, (name, given) in enumerate(tools)
    )
    call.feed(*called, LlmDone(ask_id))


def test_what_was_said_when_somebody_is_fetched_stands_in_the_transcript() -> None:
    call = Scene(transfers=DESK).open()
    call.hears("and one more thing", end_of_turn=False)
    call.feed(TransferAsked("desk"))
    assert call.last(TransferStart).number == "+15550170"
    assert not call.all(HandlerAsk), "nobody is there who could be answered"
    call.feed(TransferMoved("x1", "joined"))
    assert ("user", "and one more thing") in call.turns
    call.check()


def test_a_model_that_transfers_and_hangs_up_in_one_breath_transfers() -> None:
    call = asked()
    wants(call, ("transfer_call", {"target": "desk"}), ("end_call", {}))
    call.pass_ms(3000)
    assert call.all(TransferStart) and call.end is None
    call.check()


def test_a_model_that_transfers_twice_in_one_breath_transfers_once() -> None:
    call = asked()
    wants(call, ("transfer_call", {"target": "desk"}), ("transfer_call", {"target": "desk"}))
    call.pass_ms(3000)
    assert len(call.all(TransferStart)) == 1
    call.check()


def test_a_kind_of_transfer_that_does_not_exist_is_refused() -> None:
    call = Scene(transfers=DESK).open()
    call.feed(TransferAsked("desk", "lukewarm"))
    assert not call.all(TransferStart)
    assert "cold or warm" in call.notes(Noted)[-1].data["reason"]
    call.says("are you there")
    assert call.last(HandlerAsk).text == "are you there"


def test_keys_that_the_carrier_does_not_take_leave_the_call_where_it_was() -> None:
    call = Scene().open()
    call.feed(DigitsAsked("12"))
    assert call.last(SendDigits).digits == "12"
    call.feed(DigitsFailed("no"))
    call.says("are you there")
    assert call.last(HandlerAsk).text == "are you there"
    call.check()


def test_keys_for_nobody_are_refused() -> None:
    call = Scene().open()
    call.feed(LegLost("gone"), DigitsAsked("12"))
    assert not call.all(SendDigits)


def test_a_carrier_that_does_not_hang_up_is_given_up_on() -> None:
    call = Scene().open()
    call.feed(HangUpAsked(), HangUpFailed("no"))
    assert len(call.all(EndSession)) == 1
    call.check()


@pytest.mark.parametrize("text", ["", "  "])
def test_an_eager_end_without_words_prepares_nothing(text: str) -> None:
    call = Scene(reply_by="model").open()
    call.feed(SttEagerEnd(call.stt_id, text))
    assert not call.all(LlmAsk)


def test_words_may_grow_while_they_are_thought_over() -> None:
    call = Scene(reply_by="model").open()
    call.feed(SttEagerEnd(call.stt_id, "a table"))
    call.feed(SttEagerEnd(call.stt_id, "a table"))
    assert len(call.all(LlmAsk)) == 1
    call.feed(SttEagerEnd(call.stt_id, "a table for two"))
    assert call.last(LlmAsk).messages[-1]["content"] == "a table for two"
    call.hears("a table for two")
    assert len(call.all(LlmAsk)) == 2, "what was prepared is used"


def test_a_frame_of_nothing_is_nothing() -> None:
    call = Scene().open()
    call.feed(CallerAudio(b"", call.media_ms))
    call.says("hello")
    assert call.last(HandlerAsk).text == "hello"

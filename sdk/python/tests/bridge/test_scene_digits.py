"""Keys that the carrier presses for us: the stream may end for them, and the call goes on."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, SendDigits, SttOpen
from patter.bridge.events import (
    CarrierEnded,
    DigitsAsked,
    DigitsFailed,
    DigitsSent,
    LegOpened,
    LegStopped,
)
from patter.testing.scene import Scene


def test_one_call_goes_on_over_the_next_stream() -> None:
    call = Scene(first_message="Hello there, this is a message of some length.").open()
    call.pass_ms(600)
    call.feed(DigitsAsked("1w2"), DigitsSent(), LegStopped())
    assert call.last(SendDigits) == SendDigits("1w2")
    assert call.end is None
    call._buffer.clear()
    call.pass_ms(1200)
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    assert len(call.all(SttOpen)) == 2
    call.pass_ms(4000)
    assert call.turns == [("assistant", "Hello there, this is a message of some length.")]
    call.says("yes")
    assert [turn["text"] for turn in call.last(HandlerAsk).history][-1] == "yes"
    call.check()


def test_where_the_stream_stays_nothing_is_interrupted() -> None:
    call = Scene().open()
    call.feed(DigitsAsked("5"), DigitsSent())
    call.says("hello")
    assert len(call.all(SttOpen)) == 1
    call.pass_ms(20_000)
    call.feed(LegStopped())
    assert call.end is not None
    assert call.end.reason == "caller_hung_up"


def test_a_caller_who_hangs_up_while_keys_are_pressed() -> None:
    call = Scene().open()
    call.feed(DigitsAsked("123"), LegStopped(), CarrierEnded("caller_hung_up"))
    assert call.end is not None
    assert call.end.reason == "caller_hung_up"
    call.check()


def test_a_stream_that_does_not_come_back_ends_the_call() -> None:
    call = Scene().open()
    call.feed(DigitsAsked("1"), LegStopped())
    call.pass_ms(12_000)
    assert call.end is not None
    call.check()


def test_what_cannot_be_pressed_is_refused_and_said() -> None:
    call = Scene().open()
    call.feed(DigitsAsked("1;2"), DigitsAsked(""), DigitsAsked("1" * 33))
    assert call.kinds == ["digits.refused"] * 3
    assert not call.all(SendDigits)
    call.feed(DigitsAsked("1"), DigitsFailed("twilio: no"))
    assert call.kinds[-1] == "digits.failed"
    call.says("still here?")
    call.handler_says("I am.")
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "I am.")


def test_the_log_never_says_which_keys() -> None:
    call = Scene().open()
    call.feed(DigitsAsked("4711"))
    assert "4711" not in repr(call.notes(object))

"""Keys that belong together."""

from __future__ import annotations

import pytest

from patter.bridge.commands import Clear, HandlerAsk
from patter.bridge.events import DigitPressed, LegStopped
from patter.bridge.keypad import Keypad
from patter.testing.scene import VOICE, Scene


def collecting(*keys: str, **keypad: object) -> Scene:
    call = Scene(keypad=Keypad(collect=True, **keypad)).open()  # type: ignore[arg-type]
    press(call, *keys)
    return call


def press(call: Scene, *keys: str) -> None:
    for key in keys:
        call.feed(DigitPressed(key))
        call.pass_ms(200)


def asked(call: Scene) -> list[str]:
    return [ask.text for ask in call.all(HandlerAsk)]


@pytest.mark.parametrize(
    ("keypad", "keys", "at_once", "after_the_pause"),
    [
        ({}, "1234#", ["[DTMF: 1234]"], ["[DTMF: 1234]"]),
        ({}, "1234", [], ["[DTMF: 1234]"]),
        ({"max_digits": 4}, "12345", ["[DTMF: 1234]"], ["[DTMF: 1234]", "[DTMF: 5]"]),
        ({"finish": "*"}, "12#*", ["[DTMF: 12#]"], ["[DTMF: 12#]"]),
        ({"finish": ""}, "12#", [], ["[DTMF: 12#]"]),
        ({}, "#", ["[DTMF: #]"], ["[DTMF: #]"]),
        ({"pause_ms": 300}, "1", [], ["[DTMF: 1]"]),
    ],
)
def test_what_ends_an_entry(
    keypad: dict[str, object], keys: str, at_once: list[str], after_the_pause: list[str]
) -> None:
    call = collecting(*keys, **keypad)
    assert asked(call) == at_once
    call.pass_ms(1400)
    assert asked(call) == after_the_pause
    call.check()


def test_a_key_in_time_starts_the_pause_anew() -> None:
    call = collecting("1")
    call.pass_ms(1200)
    press(call, "2")
    call.pass_ms(1200)
    assert asked(call) == []
    call.pass_ms(200)
    assert asked(call) == ["[DTMF: 12]"]


def test_the_first_key_stops_the_agent() -> None:
    call = Scene(keypad=Keypad(collect=True)).open()
    call.says("hello")
    call.handler_says("Type in your number, then press the hash key, please.")
    call.pass_ms(1000)
    call.feed(DigitPressed("7"))
    assert call.all(Clear)
    assert asked(call) == ["hello"]


def test_words_end_an_entry_and_have_a_turn_of_their_own() -> None:
    call = collecting("1", "2")
    call.hears("that is all")
    assert [turn["text"] for turn in call.last(HandlerAsk).history] == ["[DTMF: 12]", "that is all"]
    call.pass_ms(3000)
    assert asked(call) == ["that is all"]


def test_an_entry_is_kept_when_the_caller_hangs_up_and_nobody_asks_meanwhile() -> None:
    call = collecting("1", "2")
    call.feed(LegStopped())
    assert call.turns == [("user", "[DTMF: 12]")]
    call.check()


def test_pending_words_come_before_the_entry() -> None:
    call = Scene(keypad=Keypad(collect=True)).open()
    call.pass_ms(300, VOICE)
    call.hears("my number is", end_of_turn=False)
    press(call, "7", "#")
    assert [turn["text"] for turn in call.last(HandlerAsk).history] == ["my number is", "[DTMF: 7]"]

"""An announcement, such as that the call is recorded: said first, in full, whatever the caller does."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, HandlerStop, TtsSay
from patter.bridge.events import DigitPressed, MachineHeard
from patter.testing.scene import VOICE, Scene

NOTICE = "This call is recorded."


def test_before_the_first_message() -> None:
    call = Scene(announcement=NOTICE, first_message="Hello, this is Acme.").open()
    call.pass_ms(3500)
    assert call.turns == [("assistant", NOTICE), ("assistant", "Hello, this is Acme.")]
    call.check()


def test_neither_words_nor_voice_nor_keys_interrupt_it() -> None:
    call = Scene(announcement=NOTICE, first_message="Hello, this is Acme.").open()
    call.pass_ms(200)
    call.pass_ms(400, VOICE)
    call.hears("stop it")
    call.feed(DigitPressed("1"))
    call.pass_ms(1000)
    assert call.turns[0] == ("assistant", NOTICE)
    assert [turn["text"] for turn in call.last(HandlerAsk).history] == [NOTICE, "stop it", "[DTMF: 1]"]
    call.check()


def test_a_greeting_during_it_is_answered_with_the_first_message() -> None:
    call = Scene(announcement=NOTICE, first_message="Hello, this is Acme.").open()
    call.says("hello there", ms=300)
    call.pass_ms(3000)
    assert call.turns == [
        ("assistant", NOTICE),
        ("user", "hello there"),
        ("assistant", "Hello, this is Acme."),
    ]
    assert not call.all(HandlerAsk)
    assert not call.all(HandlerStop)


def test_then_the_caller_may_speak_first() -> None:
    call = Scene(announcement=NOTICE, first_message="Hello?", first_speaker="caller").open()
    call.pass_ms(1500)
    assert [say.text for say in call.all(TtsSay)] == [NOTICE]
    call.says("is this Acme")
    assert call.last(HandlerAsk).text == "is this Acme"
    call.check()


def test_a_machine_does_not_get_it_twice() -> None:
    call = Scene(announcement=NOTICE, first_message="Hello?", direction="outbound").open()
    call.feed(MachineHeard("machine", True))
    call.pass_ms(3000)
    assert call.end is None
    call.check()

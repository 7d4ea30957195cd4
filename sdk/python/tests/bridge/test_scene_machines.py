"""Who answers an outbound call: a human is never kept waiting, a machine gets its message and no turn."""

from __future__ import annotations

import pytest

from patter.bridge.answering import Act, Answering, AnsweringPlan
from patter.bridge.commands import Clear, HandlerAsk, HandlerStop, HangUp, LlmAsk, TtsSay
from patter.bridge.events import HandlerFailed, HangUpAsked, MachineHeard
from patter.bridge.signs import machine_in, screening_in
from patter.testing.scene import VOICE, Scene

MESSAGE = "Hello, this is Acme. Please call us back."
GREETING = "hi you've reached bob please leave a message after the tone"


def scene(on_machine: str = "leave_message", message: str = MESSAGE, **plan: object) -> Scene:
    answering = AnsweringPlan(True, on_machine, message, 30.0, "This is Acme, about your order.")
    return Scene(
        direction="outbound", first_message="Hello, is this Bob?", answering=answering, **plan
    ).open()


def test_a_message_after_the_beep() -> None:
    call = scene()
    call.pass_ms(500)
    call.feed(MachineHeard("machine", True, "machine_end_beep"))
    assert call.all(Clear)
    assert call.last(TtsSay).text == "Please call us back."
    call.pass_ms(4000)
    assert call.end is not None
    assert call.end.reason == "voicemail"
    assert [turn["text"] for turn in call.end.transcript] == [MESSAGE]
    call.check()


def test_no_turn_until_the_beep() -> None:
    call = scene()
    call.pass_ms(500)
    call.says(GREETING)  # its words are enough: the carrier tells at the end of the greeting only
    assert "machine.hush" in call.kinds
    assert {ask.turn_id for ask in call.all(HandlerAsk)} <= {stop.turn_id for stop in call.all(HandlerStop)}
    call.says("press one for more options")
    call.pass_ms(15_000)
    assert len(call.all(HandlerAsk)) <= 1
    call.feed(MachineHeard("machine", True, "machine_end_beep"))
    call.pass_ms(4000)
    assert call.end is not None
    assert call.end.reason == "voicemail"
    assert [turn["role"] for turn in call.end.history] == ["assistant", "assistant"]  # no machine's words
    assert call.end.history[-1]["text"] == MESSAGE
    call.check()


def test_a_beep_that_never_comes_is_not_waited_for_for_ever() -> None:
    call = scene()
    call.says(GREETING)
    call.pass_ms(31_000)
    call.pass_ms(4000)
    assert call.end is not None
    assert call.end.reason == "voicemail"
    call.check()


def test_nothing_interrupts_the_message() -> None:
    call = scene()
    call.feed(MachineHeard("machine", True))
    call.pass_ms(600)
    call.pass_ms(1500, VOICE)
    call.hears("wait a moment")
    call.pass_ms(3000)
    assert call.end is not None
    assert call.end.transcript[-1]["text"] == MESSAGE
    assert call.end.reason == "voicemail"


@pytest.mark.parametrize("by_words", [False, True])
def test_hang_up_on_machines(by_words: bool) -> None:
    call = scene("hang_up")
    if by_words:
        call.says(GREETING)
    else:
        call.feed(MachineHeard("machine", False, "machine_start"))
        call.pass_ms(5900)
        assert not call.all(HangUp)  # it may yet turn out to ask who calls
        call.pass_ms(200)
    assert call.end is not None
    assert call.end.reason == "machine"
    call.check()


def test_a_verdict_that_is_quicker_than_the_media_counts() -> None:
    answering = AnsweringPlan(True, "hang_up", screening_wait_s=0)
    call = Scene(direction="outbound", first_message="Hello, is this Bob?", answering=answering)
    call.feed(MachineHeard("machine", False, "machine_start"))
    assert not call.all(HangUp)
    call.open()
    assert call.end is not None and call.end.reason == "machine"
    call.check()


@pytest.mark.parametrize("word", ["fax", "fax_detected"])
@pytest.mark.parametrize("wish", ["leave_message", "ask", "hang_up"])
def test_no_message_is_left_on_a_fax(wish: str, word: str) -> None:
    """No beep would ever come, and whatever was said would be said to nobody."""
    call = scene(wish)
    call.pass_ms(500)
    call.feed(MachineHeard("machine", False, word))
    assert call.end is not None and call.end.reason == "machine"
    assert "machine.hang_up" in call.kinds
    call.check()


@pytest.mark.parametrize("result", ["human", "unknown"])
def test_a_human_is_greeted_at_once_and_answered(result: str) -> None:
    call = scene()
    call.pass_ms(400)
    assert call.played
    call.feed(MachineHeard(result))
    call.pass_ms(1000)
    call.says("yes speaking")
    call.handler_says("Good.")
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "Good.")
    call.feed(MachineHeard("machine", False)) if result == "human" else None
    call.feed(HangUpAsked())
    call.check()


def test_continue_only_reports() -> None:
    call = scene("continue")
    call.feed(MachineHeard("machine", False, "machine_start"))
    assert call.kinds[-1] == "machine.heard"
    call.says("hello")
    assert call.last(HandlerAsk)
    assert call.end is None


def test_whoever_replies_is_asked_what_to_leave() -> None:
    call = scene("ask", reply_by="model")
    call.says(GREETING)
    call.feed(MachineHeard("machine", True))
    assert call.last(LlmAsk).messages[-1]["content"] == "[answering machine: the beep was heard]"
    call.model_says("Bob, this is Acme. Bye.")
    call.pass_ms(3000)
    assert call.end is not None
    assert call.end.reason == "voicemail"
    assert call.end.transcript[-1]["text"] == "Bob, this is Acme. Bye."
    call.check()


def test_nothing_to_leave_is_a_machine() -> None:
    call = scene("ask")
    call.feed(MachineHeard("machine", True))
    call.handler_says("")
    assert call.end is not None
    assert call.end.reason == "machine"
    call.check()


def test_whoever_cannot_say_what_to_leave_leaves_nothing() -> None:
    call = scene("ask")
    call.feed(MachineHeard("machine", True))
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerFailed(turn_id, "handler_failed", "it raised"))
    assert call.end is not None
    assert call.end.reason == "machine"
    assert call.all(Clear)
    call.check()


def test_words_before_the_line_is_open_are_nobodys() -> None:
    answering = Answering(AnsweringPlan(True, "hang_up"), "outbound")
    assert answering.words(GREETING, 1.0) is Act.NONE
    answering.opened(2.0)
    assert answering.words(GREETING, 3.0) is not Act.NONE


def test_a_caller_of_ours_is_never_taken_for_a_machine() -> None:
    call = Scene(answering=AnsweringPlan(True, "hang_up")).open()
    call.says("can I leave a message for Bob")
    call.feed(MachineHeard("machine", True))
    assert call.end is None


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        (GREETING, True),
        ("The person you are trying to reach is not available right now", True),
        ("Bitte hinterlassen Sie eine Nachricht nach dem Signal", True),
        ("Veuillez laisser un message après le bip", True),
        ("Por favor deje su mensaje después del tono", True),
        ("Hello?", False),
        ("Yes, this is Bob, who is calling?", False),
        ("Bob is not at home, can I take a message?", False),
    ],
)
def test_the_words_of_machines(text: str, machine: bool) -> None:
    assert (machine_in(text) is not None) == machine
    assert screening_in(text) is None

"""A call of ours that something answers: the verdicts of carriers, and whether a human is talked with."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk
from patter.bridge.events import MachineHeard
from patter.testing.scene import Scene

POLICIES = ["leave_message", "hang_up", "continue", "ask"]
MESSAGE = "Hello, this is Acme. Please call us back."
WHO = "This is Acme, about your order."
FIRST = "Hello, is this Bob?"
REPLY = "Hello Bob."

IOS = "Hi, if you record your name and reason for calling, I'll see if this person is available."
GOOGLE = (
    "The person you're calling is using a screening service from Google and will get a copy. "
    "Go ahead and say your name, and why you’re calling."  # noqa: RUF001 - as recognisers write it
)
GREETING = "hi you've reached bob please leave a message after the tone"

# Telnyx's, where Apple's screening is looked for, with the seconds of its own clock.
MACHINE = MachineHeard("machine", False, "machine", 1.0)
SCREENING = MachineHeard("screening", False, "call_screening", 2.0)
PROMPT_ENDED = MachineHeard("greeting_over", False, "prompt_ended", 3.0)
HUMAN = MachineHeard("human", False, "human_residence", 4.0)
MAILBOX = MachineHeard("machine", False, "machine", 4.0)
BEEP = MachineHeard("machine", True, "beep_detected", 6.0)
# Twilio's, which has one for a call.
MACHINE_START = MachineHeard("machine", False, "machine_start")
MACHINE_END = MachineHeard("machine", True, "machine_end_beep")


def ours(
    on_machine: str = "leave_message", *, first: str = FIRST, who: str = WHO, wait_s: float = 6.0
) -> Scene:
    answering = AnsweringPlan(True, on_machine, MESSAGE, 30.0, who, wait_s)
    return Scene(direction="outbound", first_message=first, answering=answering).open()


def assert_human_is_talked_with(call: Scene) -> None:
    """Bob comes to the phone, and the agent has a conversation with him."""
    asked = len(call.all(HandlerAsk))
    call.says("hello this is bob")
    assert len(call.all(HandlerAsk)) == asked + 1
    call.handler_says(REPLY)
    call.pass_ms(1500)
    assert call.turns[-2:] == [("user", "hello this is bob"), ("assistant", REPLY)]
    call.pass_ms(7000)
    assert call.end is None
    call.check()

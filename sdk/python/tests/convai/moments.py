"""The moments of a call at which something may go wrong, and a vendor that does as it is told afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable

from patter.bridge.commands import HandlerAsk
from patter.bridge.events import DigitPressed, HandlerDelta, LegStopped
from patter.bridge.keypad import Keypad
from patter.bridge.plan import TurnTaking
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.convai.wire import ToolCall, UserMessage

from .scene import LONG, ConvaiScene, greeted

OFFICE = TransferPolicy((TransferTarget("office", "+14155550123"),))
PATIENT = TurnTaking(idle_prompt_s=100)
TOLD = re.compile(r"\[Say to the caller exactly .*: (.*)\]")
Moment = Callable[[str], ConvaiScene]


def opening(reply_by: str) -> ConvaiScene:
    """The address was asked for, and nothing came yet."""
    return ConvaiScene(begins=False, first_message="Hi.", reply_by=reply_by, turn_taking=PATIENT).open()


def begun(reply_by: str) -> ConvaiScene:
    """The conversation began, and the greeting did not."""
    return ConvaiScene(first_message="Hi.", reply_by=reply_by, turn_taking=PATIENT).open()


def greeting(reply_by: str) -> ConvaiScene:
    call = ConvaiScene(first_message="Hello, this is Acme.", reply_by=reply_by, turn_taking=PATIENT).open()
    call.agent_says("Hello, this is Acme.")
    call.pass_ms(400)
    return call


def listening(reply_by: str) -> ConvaiScene:
    return greeted(reply_by=reply_by, turn_taking=PATIENT)


def asked(reply_by: str) -> ConvaiScene:
    """The caller said something, and nobody answered yet."""
    call = greeted(reply_by=reply_by, turn_taking=PATIENT)
    call.caller_says("tell me")
    if reply_by == "handler":
        call.wants("tell me")
    return call


def answering(reply_by: str) -> ConvaiScene:
    """A handler has begun to answer, and the agent has not."""
    call = asked(reply_by)
    if reply_by == "handler":
        call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "We open at nine. And"))
    return call


def speaking(reply_by: str) -> ConvaiScene:
    """Within a long answer."""
    call = asked(reply_by)
    if reply_by == "handler":
        call.handler_says(LONG)
    call.agent_says(LONG, ms=1500)
    call.pass_ms(800)
    return call


def keying(reply_by: str) -> ConvaiScene:
    """Within an entry by keys."""
    call = greeted(reply_by=reply_by, turn_taking=PATIENT, keypad=Keypad(collect=True, max_digits=4))
    call.feed(DigitPressed("1"))
    return call


def with_a_tool(reply_by: str) -> ConvaiScene:
    """A tool runs. A handler's agent has none, but may be asked all the same."""
    call = asked(reply_by)
    call.gets(ToolCall("c1", "check", {"item": "x"}))
    return call


def put_through(reply_by: str) -> ConvaiScene:
    """A human's phone rings, and the line is away."""
    call = greeted(reply_by=reply_by, turn_taking=PATIENT, transfers=OFFICE)
    call.caller_says("the office please")
    call.pass_ms(2000)
    call.gets(ToolCall("c1", "transfer_call", {"target": "office"}))
    call.pass_ms(1600)
    call.feed(LegStopped())
    return call


MOMENTS: tuple[Moment, ...] = (
    opening,
    begun,
    greeting,
    listening,
    asked,
    answering,
    speaking,
    keying,
    with_a_tool,
    put_through,
)


class Obedient:
    """The vendor from now on: opens and begins, and says what it is told to say."""

    def __init__(self, call: ConvaiScene) -> None:
        self._call = call
        self._seen = len(call.sent(UserMessage))
        call.begins = True

    def pass_ms(self, ms: int) -> None:
        for _ in range(ms // 100):
            self._call.pass_ms(100)
            told = self._call.sent(UserMessage)[self._seen :]
            self._seen += len(told)
            for message in told:
                self._answer(message.text)

    def _answer(self, text: str) -> None:
        call = self._call
        if call.end is not None:
            return
        said = TOLD.fullmatch(text)
        if said:
            call.agent_says(said[1])
            return
        asks = len(call.all(HandlerAsk))
        ask = call.wants(text)
        if len(call.all(HandlerAsk)) > asks:
            call.handler_says("Of course.")
        if given := call.given(ask).strip():
            call.agent_says(given)

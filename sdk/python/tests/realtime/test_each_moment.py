"""The vendor fails at each moment of a call, in each way: the caller is served, or told, and never left."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HangUp, SpeechOpen
from patter.bridge.events import CarrierEnded, HangUpDone
from patter.bridge.plan import Phrases, TurnTaking

from .vendor import KINDS, Fault, LiveCall, Reply

GREETING, MENU, TABLE = "Hello, this is Acme.", "We have pears and plums and apples today.", "It is booked."
TOOL = {"type": "function", "function": {"name": "book", "description": "Book a table."}}
END = {"type": "function", "function": {"name": "end_call", "description": "End."}}
MOMENTS = (
    "open",
    "session.updated",
    "speech started",
    "speech stopped",
    "committed",
    "transcript",
    "response.created",
    "first delta",
    "text delta",
    "mid delta",
    "audio done",
    "tool call",
    "response.done",
)
FATAL = ("fatal", "forbidden")


def answer(text: str) -> Reply:
    if "table" in text:
        return Reply("Let me see.", tool="book")
    if text == "results":
        return Reply(TABLE)
    return Reply("Goodbye then.", tool="end_call") if text == "goodbye" else Reply(MENU)


def handler(text: str) -> Reply:
    return Reply(TABLE if "table" in text else MENU)


def carried(fault: Fault, reply_by: str) -> LiveCall:
    plan = {"first_message": GREETING, "tools": [TOOL, END], "turn_taking": TurnTaking(idle_prompt_s=8)}
    return LiveCall(fault, answer if reply_by == "model" else handler, reply_by=reply_by, **plan)


def over(call: LiveCall) -> bool:
    return bool(call.all(HangUp)) or call.end is not None


def settled(call: LiveCall) -> bool:
    return over(call) or (call.turns[-1:] != [] and call.turns[-1][0] == "assistant")


def talk(call: LiveCall) -> None:
    """A greeting, a tool, a reply that is spoken over, and a question more."""
    call.run(12, lambda: settled(call))
    for words in ("a table please", "what is there", "and what else"):
        known = len(call.turns)
        call.run(0.5, lambda: over(call))
        call.caller(words)
        if words == "and what else":
            call.run(2.0, lambda: over(call))
            call.caller("stop")
        call.run(15, lambda known=known: over(call) or (len(call.turns) > known and settled(call)))  # type: ignore[misc]


def serves(call: LiveCall) -> bool:
    """The caller says something once more, and again where nobody heard it, and is answered."""
    for _ in range(3):
        known = len(call.turns)
        call.caller("what is there")
        if call.run(15, lambda known=known: (("assistant", MENU) in call.turns[known:]) or over(call)):  # type: ignore[misc]
            return not over(call)
    return False


def apologised(call: LiveCall) -> bool:
    said = [turn for turn in call.turns if turn == ("assistant", Phrases().apology)]
    return bool(said) or Phrases().apology in call.last(HangUp).say


def nothing_is_left(call: LiveCall) -> None:
    call.feed(CarrierEnded() if not call.all(HangUp) else HangUpDone())
    call.run(10)
    assert call.end is not None
    opened = {command.speech_id for command in call.all(SpeechOpen)}
    assert opened == call.gone & opened
    assert call.machine.next_timer() is None


@pytest.mark.parametrize("reply_by", ["model", "handler"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_call_goes_on_or_ends_with_an_apology(moment, kind, reply_by):
    call = carried(Fault(moment, kind), reply_by)
    talk(call)
    if kind in FATAL and not (moment == "tool call" and reply_by == "handler"):
        call.run(20, lambda: over(call))
        assert over(call) and apologised(call)
        nothing_is_left(call)
        assert call.end is not None and call.end.reason == "provider_error"
        return
    assert not over(call), (call.turns, call.kinds)
    assert serves(call), (call.turns, call.kinds)
    nothing_is_left(call)
    assert call.end is not None and call.end.reason == "caller_hung_up"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moment", ["first delta", "mid delta", "tool call", "response.done"])
def test_a_goodbye_ends_the_call_whatever_happens_to_it(moment, kind):
    call = carried(Fault("never", "close"), "model")
    talk(call)
    call._fault = Fault(moment, kind)
    call.caller("goodbye")
    call.run(40, lambda: over(call))
    assert over(call), (call.turns, call.kinds)
    nothing_is_left(call)
    assert call.end is not None and call.end.reason in ("agent_ended", "idle", "provider_error")

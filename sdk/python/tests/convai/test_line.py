"""Transfers, answering machines and the tools that end a call. On the test's own clock."""

from __future__ import annotations

import json
from typing import Any

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import Clear, ToolRun, ToolStop, TransferStart
from patter.bridge.events import (
    HangUpAsked,
    LegOpened,
    LegStopped,
    MachineHeard,
    ToolDone,
    TransferMoved,
)
from patter.bridge.plan import ToolTraits
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.convai.wire import (
    ContextUpdate,
    Interruption,
    ToolCall,
    ToolResult,
    UserMessage,
)

from .scene import ConvaiScene

SALES = TransferPolicy(targets=(TransferTarget("Sales", "+14155550100"),))


def talking(**plan: Any) -> ConvaiScene:
    """A call in which both have spoken."""
    call = ConvaiScene(first_message="Hi.", reply_by="model", **plan).open()
    call.agent_says("Hi.")
    call.pass_ms(3500)
    call.caller_says("hello")
    return call


def result(call: ConvaiScene) -> tuple[Any, bool]:
    last = call.sent(ToolResult)[-1]
    return json.loads(last.result), last.is_error


def test_a_tool_that_takes_too_long_is_pending() -> None:
    call = talking()
    call.gets(ToolCall("c1", "check", {"item": "x"}))
    assert call.last(ToolRun).name == "check"
    call.pass_ms(10_100)
    assert result(call) == ({"status": "pending"}, False)
    call.feed(ToolDone(call.last(ToolRun).run_id, {"stock": 3}))
    assert len(call.sent(ToolResult)) == 1
    assert call.sent(ContextUpdate)[-1].text == 'The tool check has answered: {"stock": 3}'


def test_a_tool_waits_as_long_as_it_says_and_outlives_the_call_if_it_is_to() -> None:
    traits = {"book": ToolTraits(background=True, wait_s=3), "check": ToolTraits()}
    call = talking(tool_traits=traits)
    call.gets(ToolCall("c1", "book", {}), ToolCall("c2", "check", {}))
    call.pass_ms(3100)
    assert [message.tool_call_id for message in call.sent(ToolResult)] == ["c1"]
    call.feed(HangUpAsked())
    assert [stop.run_id for stop in call.all(ToolStop)] == ["tool2"]


def test_a_tool_that_fails_is_an_error_for_the_model() -> None:
    call = talking()
    call.gets(ToolCall("c1", "check", {}))
    call.feed(ToolDone(call.last(ToolRun).run_id, {"error": "no"}, ok=False))
    assert result(call) == ({"error": "no"}, True)
    call.gets(ToolCall("c2", "check", None))
    assert "not a JSON object" in result(call)[0]["error"]


def test_a_model_that_hangs_up_too_early_is_refused() -> None:
    call = ConvaiScene(first_message="Hi.", reply_by="model").open()
    call.agent_says("Hi.")
    call.gets(ToolCall("c1", "end_call", {}))
    assert "only just begun" in result(call)[0]["error"] and call.end is None
    call.pass_ms(3500)
    call.gets(ToolCall("c2", "end_call", {}))
    assert "has not said anything" in result(call)[0]["error"] and call.end is None


def test_an_agent_that_ends_the_call_without_a_word_says_goodbye_first() -> None:
    call = talking()
    call.gets(ToolCall("c1", "end_call", {}))
    call.pass_ms(1600)
    assert "Goodbye." in call.sent(UserMessage)[-1].text
    call.agent_says("Goodbye.")
    call.pass_ms(1000)
    call.gets(Interruption(call.event_id))  # nothing stops a goodbye
    call.pass_ms(2000)
    assert call.end is not None and call.end.reason == "agent_ended"
    assert call.turns[-1] == ("assistant", "Goodbye.")


def test_a_goodbye_that_never_comes_does_not_keep_the_call() -> None:
    call = talking()
    call.speaks = False
    call.gets(ToolCall("c1", "end_call", {}))
    call.pass_ms(16_000)
    assert call.end is not None and call.end.reason == "agent_ended"


def test_what_the_agent_says_of_a_transfer_is_heard_first() -> None:
    call = talking(transfers=SALES)
    call.gets(ToolCall("c1", "transfer_call", {"target": "Sales", "summary": "Wants a table."}))
    call.agent_says("I am putting you through.")
    call.pass_ms(1000)
    assert not call.all(TransferStart)
    call.pass_ms(2500)
    assert call.last(TransferStart).number == "+14155550100"
    assert call.turns[-1] == ("assistant", "I am putting you through.")


def test_a_caller_who_goes_on_is_not_transferred() -> None:
    call = talking(transfers=SALES)
    call.gets(ToolCall("c1", "transfer_call", {"target": "Sales"}))
    call.agent_says("I am putting you through to somebody who knows.")
    call.pass_ms(800)
    call.gets(Interruption(call.event_id))
    assert result(call)[1] is True
    call.pass_ms(3000)
    assert not call.all(TransferStart)


def test_a_transfer_that_fails_comes_back_to_the_agent() -> None:
    call = talking(transfers=SALES)
    call.gets(ToolCall("c1", "transfer_call", {"target": "Sales"}))
    call.pass_ms(1600)
    started = call.last(TransferStart)
    call.feed(LegStopped())
    call.agent_says("Nobody hears this.")
    call.feed(TransferMoved(started.transfer_id, "failed", "busy", returns=True))
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    call.pass_ms(200)
    told, failed = result(call)
    assert failed and "busy" in json.dumps(told)
    assert ("assistant", "Nobody hears this.") not in call.turns
    call.agent_says("They are busy.")
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", "They are busy.")


def test_a_machine_hears_nothing_but_the_message() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call us back.")
    call = ConvaiScene(
        first_message="Hi, this is Acme.", reply_by="model", direction="outbound", answering=plan
    ).open()
    call.agent_says("Hi, this is Acme.")
    call.pass_ms(500)
    call.feed(MachineHeard("machine", beep=False))
    assert call.all(Clear)
    call.caller_says("leave a message after the tone")
    call.agent_says("I am sorry to hear that.")
    call.pass_ms(1000)
    call.feed(MachineHeard("machine", beep=True))
    assert "Please call us back." in call.sent(UserMessage)[-1].text
    call.agent_says("Please call us back.", ms=20_000)
    call.pass_ms(23_000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert call.turns == [("assistant", "Please call us back.")]


def test_whoever_replies_may_decide_what_is_left_on_a_machine() -> None:
    plan = AnsweringPlan(detect=True, on_machine="ask")
    call = ConvaiScene(first_message="Hi.", direction="outbound", answering=plan).open()
    call.pass_ms(300)
    call.feed(MachineHeard("machine", beep=True))
    text = call.sent(UserMessage)[-1].text
    ask = call.wants(text)
    assert call.asked == [text] and text.startswith("[answering machine")
    call.handler_says("Ada here, call me.")
    assert call.given(ask) == "Ada here, call me. "
    call.agent_says("Ada here, call me.")
    call.pass_ms(3000)
    assert call.end is not None and call.end.reason == "voicemail"

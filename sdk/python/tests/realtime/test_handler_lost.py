"""A handler that failed three times running in a realtime call: the agent's policy says who goes on."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, HangUp, SpeechOpen, ToolRun, TransferStart
from patter.bridge.events import HandlerFailed, LegOpened, TransferMoved
from patter.bridge.plan import Phrases
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.realtime.wire import SessionUpdated, ToolCalled, Trouble
from patter.testing.realtime_scene import Scene

OFFICE = TransferPolicy((TransferTarget("the office", "+14155550123"),))
HOURS = {"type": "function", "function": {"name": "hours", "description": "When we are open."}}


def failed_three_times(**plan: object) -> Scene:
    call = Scene(reply_by="handler", **plan)
    for words in ("one two", "three four", "five six"):
        call.says(words)
        call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error"))
        if words != "five six":
            call.reads(Phrases().retry)
            call.pass_ms(1500)
    return call


def apologises(call: Scene) -> None:
    call.reads(Phrases().apology)
    call.pass_ms(6000)
    assert call.last(HangUp)


def test_the_model_goes_on_in_a_session_that_knows_what_was_said() -> None:
    call = failed_three_times(handler_policy="model", system_prompt="You work for Acme.", tools=[HOURS])
    assert "handler.replaced" in call.kinds
    assert (len(call.all(SpeechOpen)), call.speech_id) == (2, "speech2")
    session = call.of_type("session.update")[-1]["session"]
    assert session["instructions"] == "You work for Acme."
    assert [tool["name"] for tool in session["tools"]] == ["hours"]
    call.provider(SessionUpdated())
    told = [(item["role"], item["content"][0]["text"]) for item in call.items]
    assert [text for role, text in told if role == "user"] == ["one two", "three four", "five six"]
    assert told[-1] == ("user", "five six")
    call.reads("I can help as well.")
    call.pass_ms(2500)
    assert call.turns[-1] == ("assistant", "I can help as well.")
    assert call.automatic is True
    handlers = len(call.all(HandlerAsk))
    call.says("what are your hours")
    call.replies("", ToolCalled("", "call_9", "hours", "{}"))
    assert call.last(ToolRun).name == "hours"
    call.tool({"open": "nine"})
    call.reads("At nine.")
    call.pass_ms(1500)
    assert call.turns[-1] == ("assistant", "At nine.")
    assert len(call.all(HandlerAsk)) == handlers and call.end is None


def test_what_the_session_before_still_says_is_nothing() -> None:
    call = failed_three_times(handler_policy="model")
    call.provider(SessionUpdated())
    turns = list(call.turns)
    before, call.speech_id = call.speech_id, "speech1"
    call.replies("Nobody hears this.")
    call.speech_id = before
    call.pass_ms(1500)
    assert call.turns == turns


def test_a_human_takes_the_caller() -> None:
    call = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=OFFICE)
    assert call.last(TransferStart).number == "+14155550123"
    assert call.end is None


def test_nobody_takes_the_caller_and_the_call_ends_with_an_apology() -> None:
    call = failed_three_times(handler_policy="transfer", handler_transfer="the office", transfers=OFFICE)
    transfer_id = call.last(TransferStart).transfer_id
    call.feed(TransferMoved(transfer_id, "failed", "busy", True), LegOpened("MZ2", "CA1", "AC1"))
    apologises(call)


def test_nobody_to_transfer_to_is_the_apology() -> None:
    call = failed_three_times(handler_policy="transfer", handler_transfer="nowhere", transfers=OFFICE)
    assert not call.all(TransferStart)
    asked = call.of_type("response.create")[-1]["response"]["instructions"]
    assert Phrases().apology.startswith(asked.rpartition("\n\n")[2])
    apologises(call)


def test_a_model_that_took_over_and_fails_itself_ends_the_call() -> None:
    call = failed_three_times(handler_policy="model")
    call.provider(SessionUpdated())
    for _ in range(6):  # its answer is tried three times, and so is the sentence that says so
        refused = Trouble("invalid_value", "", call.of_type("response.create")[-1]["event_id"])
        call.provider(refused)
        call.pass_ms(600)
    assert call.last(HangUp).say == Phrases().apology
    assert call.kinds.count("handler.replaced") == 1

"""What the machine of a realtime call decides, on the test's own clock."""

import pytest

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import Clear, HandlerAsk, HandlerStop, HangUp, ToolRun, ToolStop, TransferStart
from patter.bridge.events import (
    DigitPressed,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LegOpened,
    MachineHeard,
    SayAsked,
    ToolDone,
    TransferMoved,
)
from patter.bridge.plan import Phrases, ToolTraits, TurnTaking
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.realtime.wire import SessionUpdated, SpeechStarted, ToolCalled, Trouble, UserSaid
from patter.testing.realtime_scene import Scene

DESK = TransferPolicy((TransferTarget("desk", "+15550009999"),))
PUT_THROUGH = ToolCalled("", "call_1", "transfer_call", '{"target": "desk"}')
BOOK = ToolCalled("", "call_1", "book", "{}")


def spoken_call(**plan) -> Scene:
    """One in which the caller has said something, some seconds ago."""
    call = Scene(**plan)
    call.pass_ms(3200)
    call.says("a person please")
    return call


def test_words_that_come_late_stand_where_they_were_said():
    call = Scene()
    item = call.says(None)
    call.replies("Of course.")
    call.pass_ms(1500)
    assert call.turns == []
    call.provider(UserSaid(item, "a table please"))
    assert call.turns == [("user", "a table please"), ("assistant", "Of course.")]


def test_words_that_never_come_hold_nothing_up():
    call = Scene()
    call.says(None)
    call.replies("Of course.")
    call.pass_ms(11_000)
    assert ("assistant", "Of course.") in call.turns and "transcript.missing" in call.kinds


def test_a_caller_is_put_through_when_the_agents_words_were_heard():
    call = spoken_call(transfers=DESK)
    call.replies("One moment.", PUT_THROUGH)
    assert not call.all(TransferStart)
    call.pass_ms(800)
    assert call.last(TransferStart).number == "+15550009999"
    assert call.automatic is False
    transfer_id = call.last(TransferStart).transfer_id
    call.feed(TransferMoved(transfer_id, "failed", "busy", True), LegOpened("MZ2", "CA1", "AC1"))
    call.pass_ms(100)
    assert call.automatic is True
    asked, result, told = call.items[-3:]
    assert (asked["type"], asked["name"]) == ("function_call", "transfer_call")
    assert result["type"] == "function_call_output" and "busy" in result["output"]
    assert result["call_id"] == asked["call_id"]
    news = told["content"][0]["text"]
    assert "transfer_call is here now" in news and "busy" not in news
    call.reads("They are busy.")
    call.pass_ms(1500)
    assert call.turns[-1] == ("assistant", "They are busy.")


def test_a_caller_who_speaks_before_they_are_put_through_stays():
    call = spoken_call(transfers=DESK)
    call.replies("I am connecting you with a person now.", PUT_THROUGH)
    call.pass_ms(600)
    call.provider(SpeechStarted("u9", call.media_ms))
    assert call.all(Clear) and not call.all(TransferStart)
    call.pass_ms(3000)
    assert not call.all(TransferStart)


def test_a_machine_that_answers_leaves_no_trace_and_gets_its_message():
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call back.")
    call = Scene(direction="outbound", first_message="Hello there, is this Ada?", answering=plan)
    call.reads("Hello there, is this Ada?")
    call.pass_ms(500)
    call.feed(MachineHeard("machine"))
    item = call.says(None)
    assert call.of_type("conversation.item.delete")[-1]["item_id"] == item
    assert call.automatic is False
    call.feed(MachineHeard("machine", beep=True))
    call.reads("Please call back.")
    call.pass_ms(2000)
    assert call.turns == [("assistant", "Please call back.")]
    assert call.last(HangUp) and "Hello" not in str(call.turns)


def test_a_tool_that_changes_something_goes_on_and_its_result_is_told_later():
    traits = {"book": ToolTraits(effects=True)}
    call = spoken_call(tool_traits=traits)
    call.replies("Let me book that for you now, one second.", BOOK)
    call.pass_ms(600)
    call.provider(SpeechStarted("u9", call.media_ms))
    assert not call.all(ToolStop)
    call.says("what is it", item="u9")
    call.replies("It is Monday.")
    call.pass_ms(2000)
    call.feed(ToolDone(call.last(ToolRun).run_id, {"booked": True}))
    assert call.items[-2]["type"] == "function_call_output" and "booked" in call.items[-2]["output"]
    assert call.items[-1]["content"][0]["text"].startswith("The result of book is here now")
    call.reads("It is booked.")
    call.pass_ms(1500)
    assert call.turns[-1] == ("assistant", "It is booked.")


def test_a_tool_that_takes_long_is_pending_and_the_caller_is_told_to_wait():
    call = spoken_call(tool_traits={"book": ToolTraits(wait_s=3)})
    call.replies("", BOOK)
    call.pass_ms(1600)
    assert "One moment, please." in call.of_type("response.create")[-1]["response"]["instructions"]
    call.reads("One moment, please.")
    call.pass_ms(3000)
    assert call.items[-1] == {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": '{"status": "pending"}',
    }


def test_a_model_that_hangs_up_on_a_young_call_is_told_why_not():
    call = Scene()
    call.says("hello")
    call.replies("", ToolCalled("", "call_1", "end_call", "{}"))
    assert "only just begun" in call.items[-1]["output"]
    call.reads("How can I help?")
    call.pass_ms(2000)
    assert call.end is None


def test_nothing_interrupts_an_announcement_and_what_was_said_meanwhile_is_answered_after_it():
    values = TurnTaking(first_message_interruptible=False)
    call = Scene(first_message="This call is recorded for training.", turn_taking=values)
    call.reads("This call is recorded for training.")
    call.pass_ms(400)
    call.says("hello")
    call.feed(DigitPressed("1"), SayAsked("Wait."))
    assert not call.all(Clear)
    call.pass_ms(2000)
    assert call.turns[0] == ("assistant", "This call is recorded for training.")
    assert len(call.of_type("response.create")) >= 2


def test_a_handler_is_asked_once_for_what_was_said_in_two_breaths():
    call = Scene(reply_by="handler")
    call.says("I want a table")
    first = call.last(HandlerAsk)
    call.says("for four people")
    assert call.all(HandlerStop) == [HandlerStop(first.turn_id, "")]
    assert call.last(HandlerAsk).text == "I want a table for four people"


def test_a_handler_that_breaks_three_times_ends_the_call():
    call = Scene(reply_by="handler")
    for phrase in (Phrases().retry, Phrases().retry, Phrases().apology):
        call.says("hello")
        call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error"))
        call.reads(phrase)
        call.pass_ms(6000)
    assert call.last(HangUp)
    assert [note for note in call.kinds if note == "reply.failed"] == ["reply.failed"] * 3


def test_none_of_a_handler_is_a_deliberate_silence():
    call = Scene(reply_by="handler")
    call.says("hello")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, ""), HandlerDone(turn_id))
    call.pass_ms(10_200)
    assert "Are you still there?" in call.of_type("response.create")[-1]["response"]["instructions"]


@pytest.mark.parametrize("named", [True, False])
def test_a_reply_that_is_refused_while_another_is_made_comes_after_it(named):
    call = Scene()
    call.feed(DigitPressed("1"))
    [asked] = call.of_type("response.create")
    event_id = asked["event_id"] if named else ""
    call.provider(Trouble("conversation_already_has_active_response", "", event_id))
    call.pass_ms(600)
    assert len(call.of_type("response.create")) == 2


def test_an_old_session_is_left_as_soon_as_nobody_speaks():
    call = Scene(turn_taking=TurnTaking(idle_prompt_s=300, max_duration_s=7200))
    call.now += 55 * 60
    call.says("hello")
    call.replies("Hi, how can I help?")
    call.pass_ms(500)
    assert call.speech_id == "speech1"
    call.pass_ms(1000)
    assert call.speech_id == "speech2"
    call.provider(SessionUpdated())
    assert [item["role"] for item in call.items] == ["user", "assistant"]
    call.says("a table")
    call.replies("Of course.")
    call.pass_ms(1500)
    assert call.turns[-1] == ("assistant", "Of course.") and call.speech_id == "speech2"

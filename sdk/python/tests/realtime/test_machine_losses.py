"""What the machine of a realtime call does when its session breaks, on the test's own clock."""

import pytest

from patter.bridge.answering import MACHINE_TEXT, AnsweringPlan
from patter.bridge.commands import HandlerAsk, HangUp, SpeechOpen
from patter.bridge.events import DigitPressed, HangUpDone, MachineHeard, SayAsked, SpeechClosed, SpeechFailed
from patter.bridge.plan import Phrases, TurnTaking
from patter.bridge.records import Interim
from patter.engines.realtime.wire import (
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    Trouble,
    UserDelta,
)
from patter.testing.realtime_scene import Scene


def talked(**plan) -> Scene:
    call = Scene(**plan)
    call.says("a table please")
    call.replies("For which day?")
    call.pass_ms(1500)
    return call


def lost(call: Scene, how: str) -> None:
    if how == "closed":
        call.feed(SpeechClosed(call.speech_id, 1006, "gone"))
    elif how == "failed":
        call.feed(SpeechFailed(call.speech_id, "refused", False))
    else:
        call.provider(Trouble(how, "over"))


def ended(call: Scene) -> None:
    """The call ends because of the provider."""
    call.pass_ms(5000)
    assert len(call.all(HangUp)) == 1
    call.feed(HangUpDone())
    assert call.end is not None and call.end.reason == "provider_error"


@pytest.mark.parametrize("how", ["closed", "failed", "session_expired"])
def test_a_session_that_is_lost_is_replaced_and_told_what_was_said(how):
    call = talked()
    lost(call, how)
    call.pass_ms(1000)
    assert len(call.all(SpeechOpen)) == 2 and "speech.failed" in call.kinds
    call.provider(SessionUpdated())
    told = [(item["role"], item["content"][0]["text"]) for item in call.items]
    assert told == [("user", "a table please"), ("assistant", "For which day?")]
    call.says("Monday")
    call.replies("Done.")
    call.pass_ms(1000)
    assert call.turns[-2:] == [("user", "Monday"), ("assistant", "Done.")]


def test_what_the_session_before_says_late_is_nothing():
    call = talked()
    before = call.speech_id
    lost(call, "closed")
    call.pass_ms(1000)
    turns, opened = call.turns, len(call.all(SpeechOpen))
    call.feed(SpeechClosed(before, 1006, "again"), SpeechFailed(before, "late", True))
    call.pass_ms(1000)
    assert (call.turns, len(call.all(SpeechOpen))) == (turns, opened)


def test_words_that_were_on_their_way_are_asked_for_again():
    call = talked()
    call.says(None)
    call.provider(ResponseCreated("r9", ""))
    lost(call, "closed")
    call.pass_ms(1000)
    assert "transcript.missing" in call.kinds
    call.provider(SessionUpdated())
    asked = call.of_type("response.create")[-1]["response"]["instructions"]
    assert asked.endswith("Sorry, I did not get that."), "and the model is not asked about nothing"
    call.reads("Sorry, I did not get that.")
    call.reads("Could you say it again?")
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", Phrases().retry)


@pytest.mark.parametrize("reply_by", ["model", "handler"])
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("model_not_found", "no such model"),
        Trouble("invalid_value", "no such voice", "settings"),
        Trouble("insufficient_quota", "no money"),
    ],
    ids=lambda trouble: trouble.code,
)
def test_what_no_session_would_cure_ends_the_call(reply_by, trouble):
    call = talked(reply_by=reply_by)
    call.provider(trouble)
    ended(call)
    assert len(call.all(SpeechOpen)) == 1, "nothing is tried again"


def test_a_response_that_failed_for_good_ends_the_call():
    call = talked()
    call.says("Monday")
    call.provider(ResponseCreated("r9", ""))
    call.provider(ResponseDone("r9", "", "failed", Trouble("insufficient_quota", "no money")))
    ended(call)


@pytest.mark.parametrize("code", ["response_cancel_not_active", "item_truncate_invalid_item_id"])
def test_a_race_that_was_lost_is_nothing(code):
    call = talked()
    known = len(call.commands)
    call.provider(Trouble(code, "too late"))
    assert call.commands[known:] == [] and call.end is None


def test_a_message_that_was_not_taken_is_noted_and_the_call_goes_on():
    call = talked()
    call.provider(Trouble("invalid_value", "what is this", "elsewhere"))
    assert "speech.refused" in call.kinds and len(call.all(SpeechOpen)) == 1


def test_a_caller_who_speaks_first_is_let_finish_before_the_greeting():
    values = TurnTaking(first_message_delay_ms=400, idle_prompt_s=60)
    call = Scene(first_message="Hello, this is the desk.", turn_taking=values)
    call.provider(SpeechStarted("u1", 0))
    call.pass_ms(1000)
    assert not call.of_type("response.create")
    call.says("hello", item="u1")
    call.pass_ms(400)
    call.reads("Hello, this is the desk.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "Hello, this is the desk.")


def test_a_key_and_a_sentence_from_outside_have_their_turns():
    call = talked(reply_by="handler")
    call.feed(DigitPressed("1"))
    assert call.last(HandlerAsk).text == "[DTMF: 1]"
    call.feed(SayAsked("We close in five minutes."))
    call.reads("We close in five minutes.")
    call.pass_ms(2500)
    assert call.turns[-1] == ("assistant", "We close in five minutes.")


def test_a_handler_is_asked_what_to_leave_on_a_machine():
    plan = AnsweringPlan(detect=True, on_machine="ask")
    call = Scene(reply_by="handler", direction="outbound", answering=plan)
    call.feed(MachineHeard("machine", beep=True))
    assert call.last(HandlerAsk).text == MACHINE_TEXT


def test_what_the_caller_is_saying_is_told_as_it_comes():
    call = Scene()
    call.provider(SpeechStarted("u1", 0), UserDelta("u1", "a ta"), UserDelta("u1", "ble"))
    assert [entry.text for entry in call.entries(Interim)] == ["a ta", "a table"]

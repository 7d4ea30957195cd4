"""Greetings, announcements, keys, machines and goodbyes of a realtime call, on the test's own clock."""

import pytest

from patter.bridge.answering import MACHINE_TEXT, AnsweringPlan
from patter.bridge.commands import Clear, HandlerAsk, HangUp
from patter.bridge.events import (
    DigitPressed,
    DigitsAsked,
    DigitsSent,
    HandlerDelta,
    HandlerDone,
    HangUpAsked,
    HangUpDone,
    LegOpened,
    LegStopped,
    MachineHeard,
    SttOpened,
)
from patter.bridge.keypad import Keypad
from patter.bridge.plan import Phrases, TurnTaking
from patter.engines.realtime.wire import SpeechStarted, Trouble, UserSaid
from patter.testing.realtime_scene import Scene

NOTICE = "This call is recorded for training."
STRICT = TurnTaking(first_message_interruptible=False)
BOTH = pytest.mark.parametrize("reply_by", ["model", "handler"])


def read_aloud(call: Scene) -> str:
    return call.of_type("response.create")[-1]["response"].get("instructions", "").rpartition("\n\n")[2]


def test_where_the_caller_is_to_speak_first_and_does_not_they_are_greeted():
    call = Scene(first_message="Hello.", first_speaker="caller", turn_taking=TurnTaking(idle_prompt_s=3))
    call.pass_ms(2900)
    assert not call.of_type("response.create")
    call.pass_ms(200)
    assert read_aloud(call) == "Hello."
    call.reads("Hello.")
    call.pass_ms(3500)
    assert read_aloud(call) == Phrases().idle


def test_a_caller_who_speaks_first_is_answered_and_not_greeted():
    call = Scene(first_message="Hello.", first_speaker="caller", turn_taking=TurnTaking(idle_prompt_s=3))
    call.says("is anybody there")
    call.replies("Yes.")
    call.pass_ms(4500)
    assert read_aloud(call) == Phrases().idle


@BOTH
def test_what_is_said_within_an_announcement_is_answered_after_it(reply_by):
    call = Scene(reply_by=reply_by, first_message=NOTICE, turn_taking=STRICT)
    call.reads(NOTICE)
    call.pass_ms(400)
    call.says("hello")
    call.pass_ms(400)
    assert not call.all(Clear) and not call.all(HandlerAsk)
    call.pass_ms(2000)
    assert call.turns[0] == ("assistant", NOTICE)
    if reply_by == "handler":
        assert call.last(HandlerAsk).text == "hello"
    else:
        call.reads("Hi.")
        call.pass_ms(1000)
        assert call.turns[1:] == [("user", "hello"), ("assistant", "Hi.")]


def test_a_handlers_caller_who_speaks_before_the_greeting_hears_it_as_the_answer():
    call = Scene(reply_by="handler", first_message="Hello.")
    call.says("hello?")
    assert not call.all(HandlerAsk)
    assert read_aloud(call) == "Hello."


def test_keys_that_are_collected_are_one_turn_when_nothing_more_comes():
    call = Scene(keypad=Keypad(collect=True))
    call.feed(DigitPressed("1"), DigitPressed("2"))
    call.pass_ms(1000)
    assert not call.items
    call.pass_ms(700)
    assert call.items[-1]["content"][0]["text"] == "[DTMF: 12]"


def test_keys_that_words_overtake_are_remembered_and_not_asked_about():
    call = Scene(reply_by="handler", keypad=Keypad(collect=True))
    call.feed(DigitPressed("1"))
    call.says("never mind")
    assert [ask.text for ask in call.all(HandlerAsk)] == ["never mind"]
    call.feed(HangUpAsked("api_hung_up"))
    assert ("user", "[DTMF: 1]") in call.turns


def test_keys_within_a_goodbye_are_remembered_only():
    call = Scene(keypad=Keypad(collect=True), turn_taking=TurnTaking(idle_prompt_s=1, idle_prompts=0))
    call.feed(DigitPressed("1"))
    call.pass_ms(900)
    call.feed(DigitPressed("2"))
    call.pass_ms(2000)
    assert call.items[-1]["content"][0]["text"] == "[DTMF: 12]"


def test_keys_pressed_for_the_caller_leave_what_is_said_as_it_is():
    call = Scene(first_message="Hello, this is Acme.")
    call.reads("Hello, this is Acme.")
    call.pass_ms(400)
    call.feed(DigitsAsked("1"), LegStopped())
    call.pass_ms(200)
    call.feed(DigitsSent(), LegOpened("MZ2", "CA1", "AC1"))
    call.pass_ms(3000)
    assert call.turns == [("assistant", "Hello, this is Acme.")] and call.automatic is True


@BOTH
def test_a_machine_is_not_answered_and_whoever_replies_says_what_is_left(reply_by):
    plan = AnsweringPlan(detect=True, on_machine="ask")
    call = Scene(reply_by=reply_by, direction="outbound", answering=plan)
    item = call.says(None)
    call.feed(MachineHeard("machine"))
    call.provider(UserSaid(item, "leave a message after the tone"))
    assert not call.all(HandlerAsk)
    call.feed(MachineHeard("machine", beep=True))
    if reply_by == "model":
        assert call.items[-1]["content"][0]["text"] == MACHINE_TEXT
        call.reads("Please call back.")
        call.pass_ms(2000)
        assert call.turns[-1] == ("assistant", "Please call back.")
        assert call.last(HangUp)
    else:
        assert call.last(HandlerAsk).text == MACHINE_TEXT


def test_a_call_that_lasts_too_long_is_said_goodbye_to_once():
    call = Scene(turn_taking=TurnTaking(max_duration_s=5, idle_prompt_s=60))
    call.pass_ms(5100)
    assert read_aloud(call) == "Goodbye."
    call.reads("Goodbye.")
    call.pass_ms(1000)
    assert call.turns == [("assistant", "Goodbye.")] and len(call.all(HangUp)) == 1


def test_a_goodbye_whose_session_is_over_is_said_by_the_carrier():
    call = Scene(turn_taking=TurnTaking(max_duration_s=5, idle_prompt_s=60))
    call.pass_ms(5100)
    call.provider(Trouble("insufficient_quota", ""))
    assert call.last(HangUp).say == "Goodbye."


def test_a_voice_without_words_over_nothing_is_nothing():
    call = Scene(reply_by="handler")
    call.provider(SpeechStarted("u1", 0))
    call.says("", item="u1")
    assert not call.all(HandlerAsk) and not call.of_type("response.create")


@BOTH
def test_words_within_a_goodbye_are_not_answered(reply_by):
    call = Scene(reply_by=reply_by, turn_taking=TurnTaking(idle_prompt_s=1, idle_prompts=0))
    call.pass_ms(1100)
    assert read_aloud(call) == "Goodbye."
    asked = len(call.of_type("response.create"))
    call.says("wait")
    assert len(call.of_type("response.create")) == asked and not call.all(HandlerAsk)
    call.reads("Goodbye.")
    call.pass_ms(1500)
    assert call.last(HangUp)


@BOTH
def test_what_is_said_while_somebody_else_has_the_line_is_not_answered(reply_by):
    call = Scene(reply_by=reply_by)
    call.feed(DigitsAsked("1"), LegStopped())
    call.says("hello")
    assert not call.of_type("response.create") and not call.all(HandlerAsk)


def test_a_time_that_is_up_within_a_goodbye_changes_nothing():
    values = TurnTaking(max_duration_s=5, idle_prompt_s=4, idle_prompts=0)
    call = Scene(turn_taking=values)
    call.pass_ms(5500)
    assert [message["event_id"] for message in call.of_type("response.create")] == ["r1"]


def test_nothing_is_filled_while_words_are_on_their_way():
    call = Scene(reply_by="handler")
    call.says("hello")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "```code```"))
    call.pass_ms(1600)
    assert "One moment" not in str(call.of_type("response.create"))
    call.feed(HandlerDone(turn_id))


def test_what_belongs_to_another_mode_is_nothing():
    call = Scene()
    known = len(call.commands)
    call.feed(SttOpened("stt1"))
    assert call.commands[known:] == []


def test_keys_before_a_machine_was_known_are_remembered():
    plan = AnsweringPlan(detect=True, on_machine="ask")
    call = Scene(direction="outbound", answering=plan, keypad=Keypad(collect=True))
    call.feed(DigitPressed("1"), MachineHeard("machine", beep=True))
    call.pass_ms(2000)
    assert len(call.of_type("response.create")) == 1
    call.reads("Please call back.")
    call.pass_ms(2000)
    call.feed(HangUpDone())
    assert ("user", "[DTMF: 1]") in call.turns

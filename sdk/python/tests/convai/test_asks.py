"""What ElevenLabs may ask for besides the reply to a new message. On the test's own clock."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk, HandlerStop
from patter.bridge.events import HandlerDelta, HandlerDone, HangUpAsked, MachineHeard
from patter.bridge.plan import Phrases, TurnTaking
from patter.engines.convai.wanted import ReplyUnwanted
from patter.engines.convai.wire import UserMessage

from .scene import ConvaiScene, greeted

IDLE = "Are you still there?"


def test_two_requests_at_once_for_a_message_are_one_question_and_two_answers() -> None:
    call = greeted()
    first, second = call.wants("tell me"), call.wants("tell me")
    call.handler_says("At nine.")
    assert call.asked == ["tell me"]
    assert [call.given(ask) for ask in (first, second)] == ["At nine. ", "At nine. "]
    assert call.ended(first) and call.ended(second)


def test_a_guess_that_is_taken_back_and_asked_again_differently_stops_the_first_handler() -> None:
    """As a vendor does that guesses what a caller is about to say."""
    call = greeted()
    first = call.wants("I want")
    call.gets(ReplyUnwanted(first))
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "What do you"))
    second = call.wants("I want a table")
    assert call.asked == ["I want", "I want a table"]
    assert [stop.heard for stop in call.all(HandlerStop)] == [""]
    call.handler_says("For how many?")
    assert call.given(first) == "" and call.given(second) == "For how many? "


def test_a_request_that_comes_again_after_the_answer_was_given_gets_it_whole() -> None:
    call = greeted()
    call.wants("tell me")
    call.handler_says("At nine.")
    again = call.wants("tell me")
    assert call.given(again) == "At nine. " and call.ended(again)
    assert call.asked == ["tell me"]


def test_a_request_without_a_new_message_is_the_question_whether_anybody_is_there() -> None:
    call = greeted(turn_taking=TurnTaking(idle_prompts=1))
    ask = call.wants("", 0)
    assert call.given(ask) == IDLE and call.asked == []
    call.agent_says(IDLE)
    call.pass_ms(2500)
    assert call.given(call.wants("", 0)) == ""  # it was asked often enough
    call.wants("tell me")
    call.handler_says("At nine.")
    call.agent_says("At nine.")
    call.pass_ms(2500)
    assert call.given(call.wants("tell me")) == IDLE  # the reply to this was heard


def test_nothing_is_said_to_a_machine_that_is_asked_for() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Call us.")
    call = ConvaiScene(first_message="Hi.", direction="outbound", answering=plan).open()
    call.feed(MachineHeard("machine", beep=False))
    ask = call.wants("please leave a message")
    assert call.given(ask) == "" and call.ended(ask) and call.asked == []


def test_a_handler_that_pauses_within_a_sentence_is_waited_for_and_one_that_ends_late_is_not() -> None:
    call = greeted(turn_taking=TurnTaking(handler_timeout_s=3), phrases=Phrases(filler=""))
    ask = call.wants("tell me")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, " "))  # nothing that could be said
    call.feed(HandlerDelta(turn_id, "We open at nine. And then"))
    call.pass_ms(2500)
    call.feed(HandlerDelta(turn_id, " we close"))
    call.pass_ms(2500)
    assert not call.ended(ask)
    call.pass_ms(700)
    assert call.ended(ask)
    assert call.given(ask).startswith("We open at nine. And then we close")
    call.feed(HandlerDone(turn_id), HandlerDelta(turn_id, "too late"))
    assert "too late" not in call.given(ask)
    assert [stop.heard for stop in call.all(HandlerStop)] == [""]


def test_a_request_that_nobody_waits_for_any_more_is_harmless() -> None:
    call = greeted()
    call.gets(ReplyUnwanted("ask99"))
    call.wants("bye")
    call.feed(HangUpAsked())
    assert call.end is not None
    call.wants("anybody")
    assert call.sent(UserMessage) == []


def test_without_a_filler_the_first_word_comes_before_the_vendor_gives_up() -> None:
    call = greeted(phrases=Phrases(filler=""))
    ask = call.wants("tell me")
    call.pass_ms(14_900)
    assert call.given(ask) == ""
    call.pass_ms(200)
    assert call.given(ask) == Phrases().retry and call.ended(ask)

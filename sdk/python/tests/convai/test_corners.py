"""What happens seldom in a convai call, and must not surprise anybody. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, HangUp
from patter.bridge.events import HandlerDelta, HandlerDone
from patter.bridge.plan import TurnTaking
from patter.engines.convai.wire import ToolCall, Unreadable, UserMessage
from patter.testing.scene import VOICE

from .scene import LONG, greeted
from .test_handler_lost import APOLOGY, failed_three_times
from .test_line import talking


def test_a_caller_who_makes_one_long_sound_is_not_asked_whether_they_are_there() -> None:
    call = greeted(turn_taking=TurnTaking(idle_prompt_s=2, idle_prompts=1))
    call.pass_ms(3000, VOICE)
    assert call.sent(UserMessage) == []
    call.pass_ms(2500)
    [asked] = call.sent(UserMessage)
    assert call.given(call.wants(asked.text)) == "Are you still there?"


def test_a_vendor_that_talks_nonsense_fills_no_timeline() -> None:
    call = greeted()
    for number in range(40):
        call.gets(Unreadable(f"odd {number}"))
    assert len(call.notes_of("speech.unreadable")) == 5
    call.agent_says("I am still here.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "I am still here.")


def test_an_end_that_the_agent_asks_for_while_it_speaks_waits_for_its_words() -> None:
    call = talking()
    call.agent_says(LONG)
    call.gets(ToolCall("c1", "end_call", {}))
    call.pass_ms(3000)
    assert call.end is None
    call.pass_ms(2000)
    assert call.end is not None and call.end.reason == "agent_ended"
    assert call.turns[-1] == ("assistant", LONG)


def test_a_call_that_gets_too_long_while_it_ends_ends_for_its_first_reason() -> None:
    call = talking(turn_taking=TurnTaking(max_duration_s=5))
    call.gets(ToolCall("c1", "end_call", {}))
    call.agent_says("A long goodbye to you.", ms=10_000)
    call.pass_ms(14_000)
    assert call.end is not None and call.end.reason == "agent_ended"
    assert call.sent(UserMessage) == []


def test_an_apology_that_the_vendor_does_not_say_is_said_by_the_carrier() -> None:
    call, ask = failed_three_times()
    assert call.given(ask) == APOLOGY
    call.pass_ms(14_000)
    assert call.end is None
    call.pass_ms(2000)
    assert call.last(HangUp).say == APOLOGY
    assert call.end is not None and call.end.reason == "handler_lost"


def test_an_apology_that_begins_late_is_heard_in_full() -> None:
    call, _ = failed_three_times()
    call.pass_ms(14_000)
    call.agent_says(APOLOGY)
    call.pass_ms(3000)
    assert call.end is None
    call.pass_ms(3000)
    assert call.last(HangUp).say == ""
    assert call.end is not None and call.turns[-1] == ("assistant", APOLOGY)


def test_a_piece_that_leaves_nothing_to_say_is_not_sent() -> None:
    call = greeted(reply_by="handler")
    call.caller_says("What is it?")
    ask = call.wants("What is it?")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "Look. ```\nx = 1\n``` "), HandlerDelta(turn_id, "That is it. "))
    call.feed(HandlerDone(turn_id))
    assert call.ended(ask) and "x = 1" not in call.given(ask)

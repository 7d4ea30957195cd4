"""What happens seldom in a convai call, and must not surprise anybody. On the test's own clock."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk, HangUp
from patter.bridge.events import CarrierEnded, HandlerDelta, HandlerDone, MachineHeard, MarkPlayed
from patter.bridge.plan import TurnTaking
from patter.bridge.records import TurnSettled
from patter.engines.convai.wire import AgentText, CallerText, Interruption, ToolCall, Unreadable, UserMessage
from patter.testing.scene import VOICE

from .scene import LONG, ConvaiScene, greeted
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
    call.feed(HandlerDelta(turn_id, "Look at this. ```\nx = 1. And y = 2. And z. \n``` That is it. "))
    call.feed(HandlerDone(turn_id))
    assert call.ended(ask) and "x = 1" not in call.given(ask)


def test_a_caller_who_hangs_up_during_our_own_voice_heard_a_part_of_it() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call us back at noon.")
    call = ConvaiScene(begins=False, direction="outbound", answering=plan).open()
    call.feed(MachineHeard("machine", beep=True))
    call.pass_ms(5000)
    call.feed(CarrierEnded())
    assert call.end is not None and call.end.reason == "caller_hung_up"
    [(role, text)] = call.turns
    assert role == "assistant" and text != plan.message and plan.message.startswith(text)


def test_an_answer_without_a_word_is_none() -> None:
    call = greeted()
    call.gets(AgentText("", 9))
    call.pass_ms(2000)
    assert call.turns == [("assistant", "Hi.")]


def test_an_echo_from_nowhere_is_no_sign_that_the_agent_was_heard() -> None:
    call = talking()
    call.gets(AgentText("Of course.", 9))
    call.feed(MarkPlayed("odd"), CallerText("never mind", final=True))
    call.gets(Interruption(9))
    call.pass_ms(1000)
    assert [role for role, _ in call.turns].count("assistant") == 1


def test_answers_on_a_line_that_echoes_no_mark_are_one_turn_each() -> None:
    call = greeted()
    call.echoes_marks = False
    for text in ("Yes.", "We open at nine."):
        call.caller_says("tell me")
        call.agent_says(text)
        call.pass_ms(1500)
    call.feed(CarrierEnded())
    said = [text for role, text in call.turns if role == "assistant"]
    assert said[:2] == ["Hi.", "Yes."] and "We open at nine.".startswith(said[2])


def test_words_with_a_pause_in_them_began_with_the_first() -> None:
    call = greeted()
    for _ in range(2):
        call.pass_ms(600, VOICE)
        call.pass_ms(600)
    call.caller_says("a table for two")
    call.agent_says("Of course.")
    call.pass_ms(2000)
    [turn] = [turn for turn in call.notes(TurnSettled) if turn.role == "user"]
    assert turn.started_ms < 2200 < turn.ended_ms

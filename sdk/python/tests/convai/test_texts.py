"""Texts, times and corrections, in whichever order they come. On the test's own clock."""

from __future__ import annotations

from typing import Any

from patter.bridge.events import DigitPressed, SayAsked, SpeechFailed
from patter.bridge.plan import TurnTaking
from patter.bridge.records import TurnSettled
from patter.engines.convai.wire import (
    AgentAudio,
    AgentCorrection,
    AgentDone,
    AgentText,
    Interruption,
    UserMessage,
)

from .scene import LONG, ConvaiScene, greeted


def alignment(text: str, *, ms: int = 50) -> dict[str, Any]:
    """The times of a text's characters, as the vendor tells them."""
    starts = [at * ms for at in range(len(text))]
    return {"chars": list(text), "charStartTimesMs": starts, "charDurationsMs": [ms] * len(text)}


def answered(call: ConvaiScene) -> ConvaiScene:
    call.caller_says("tell me")
    return call


def sound(ms: int) -> bytes:
    return b"\x90" * 8 * ms


def test_a_text_that_comes_after_a_cut_with_a_correction_is_known_as_far_as_it_was_heard() -> None:
    """All that was played has no name yet; the correction tells what it was."""
    call = answered(greeted(reply_by="model"))
    call.gets(AgentAudio(5, sound(4000)))
    call.pass_ms(1000)
    call.gets(Interruption(5), AgentCorrection("First we open at nine..."))
    call.caller_says("stop")
    role, text = call.turns[-1]
    assert role == "assistant" and "First we open at nine".startswith(text) and text


def test_a_correction_before_its_interruption_is_believed_too() -> None:
    call = answered(greeted(reply_by="model"))
    call.agent_says(LONG)
    call.pass_ms(2500)
    call.gets(AgentCorrection("First we..."), Interruption(call.event_id))
    call.caller_says("stop")
    assert call.turns[-1] == ("assistant", "First we")


def test_a_correction_of_something_else_changes_nothing() -> None:
    call = answered(greeted(reply_by="model"))
    call.gets(AgentCorrection("Hello?"))  # nothing was cut
    call.agent_says(LONG)
    call.pass_ms(1500)
    call.gets(Interruption(call.event_id), AgentCorrection("Something else entirely"))
    call.caller_says("stop")
    assert call.turns[-1][1].startswith("First we open")


def test_a_correction_that_says_more_than_was_heard_is_not_believed() -> None:
    call = answered(greeted(reply_by="model"))
    call.agent_says(LONG)
    call.pass_ms(1000)
    call.gets(Interruption(call.event_id), AgentCorrection(LONG))
    call.caller_says("stop")
    assert len(call.turns[-1][1]) < len(LONG) / 2


def test_the_times_of_words_say_what_was_heard() -> None:
    """Also where they come before the text does."""
    for text_first in (True, False):
        call = answered(greeted(reply_by="model"))
        heard = AgentAudio(5, sound(3000), alignment("Hello and good day to you all."))
        text = AgentText("Hello and good day to you all.", 5)
        call.gets(*([text, heard] if text_first else [heard, text]))
        call.pass_ms(560)  # "Hello and" ends at 450 ms
        call.gets(Interruption(5))
        call.caller_says("stop")
        assert call.turns[-1] == ("assistant", "Hello and")


def test_an_answer_whose_audio_was_incomplete_is_told_as_far_as_it_was_spoken() -> None:
    call = answered(greeted(reply_by="model"))
    call.gets(AgentText(LONG, 5), AgentAudio(5, sound(1000), alignment("First we open at nin")))
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", "First we open at")


def test_two_answers_in_one_breath_are_one_reply() -> None:
    call = answered(greeted(reply_by="model"))
    call.gets(AgentText("Let me look.", 5), AgentAudio(5, sound(600)))
    call.gets(AgentText("Three are left.", 6), AgentAudio(6, sound(700)), AgentDone())
    call.pass_ms(2500)
    assert call.turns[-1] == ("assistant", "Let me look. Three are left.")


def test_a_text_that_comes_at_the_end_of_a_long_answer_names_all_of_it() -> None:
    call = answered(greeted(reply_by="model"))
    call.gets(AgentAudio(5, sound(2000)))
    call.pass_ms(4500)  # it pauses for longer than an answer with a text may
    call.gets(AgentAudio(6, sound(1000)), AgentText("First this, then that.", 5))
    call.pass_ms(3000)
    turn = call.notes(TurnSettled)[-1]
    assert turn.text == "First this, then that." and turn.ended_ms - turn.started_ms > 5000


def test_an_empty_piece_of_audio_is_nothing() -> None:
    call = answered(greeted(reply_by="model"))
    call.gets(AgentDone(), AgentAudio(5, b""))
    call.pass_ms(1000)
    assert call.turns == [("assistant", "Hi.")] and call.end is None


def test_a_greeting_that_is_not_to_be_interrupted_is_not() -> None:
    values = TurnTaking(first_message_interruptible=False)
    call = ConvaiScene(first_message=LONG, reply_by="model", turn_taking=values).open()
    call.agent_says(LONG)
    call.pass_ms(1000)
    call.gets(Interruption(call.event_id))
    call.feed(DigitPressed("1"))
    call.pass_ms(1000)
    assert call.sent(UserMessage) == []
    call.pass_ms(3000)
    assert call.turns[0] == ("assistant", LONG) and call.sent(UserMessage) == [UserMessage("[DTMF: 1]")]


def test_a_greeting_without_a_sound_is_greeted_again() -> None:
    call = ConvaiScene(first_message="Hi.", reply_by="model").open()
    call.gets(AgentText("Hi.", 1))
    call.feed(SpeechFailed(call.speech_id, "lost"))
    call.pass_ms(600)
    call.event_id = 0
    call.agent_says("Hi.")
    call.pass_ms(1500)
    assert call.turns == [("assistant", "Hi.")]


def test_a_caller_who_makes_a_sound_is_not_asked_whether_they_are_there() -> None:
    call = greeted(turn_taking=TurnTaking(idle_prompt_s=2))
    call.pass_ms(1200)
    call.pass_ms(2000, bytes([0x8F, 0x0F, 0x95, 0x15] * 40))
    assert call.sent(UserMessage) == []


def test_a_text_that_never_became_a_sound_was_not_said() -> None:
    call = answered(greeted(reply_by="model"))
    call.gets(AgentText("Nobody hears this.", 5), AgentDone())
    call.pass_ms(3000)
    call.caller_says("hello?")
    call.agent_says("Yes?")
    call.pass_ms(2500)
    said = [text for role, text in call.turns if role == "assistant"]
    assert said == ["Hi.", "Yes?"]


def test_words_of_ours_are_heard_although_their_text_comes_after_their_audio() -> None:
    """As it does where a handler replies: the vendor gets the answer in pieces."""
    call = greeted()
    call.feed(SayAsked("The doors close."))
    played = len(call.played)
    assert call.given(call.wants(call.sent(UserMessage)[-1].text)) == "The doors close."
    first = call.event_id + 1
    call.gets(AgentAudio(first, sound(400)), AgentAudio(first + 1, sound(400)))
    call.gets(AgentText("The doors close.", first + 2), AgentDone())
    call.pass_ms(2500)
    assert len(call.played) - played == 800 * 8
    assert call.turns[-1] == ("assistant", "The doors close.")

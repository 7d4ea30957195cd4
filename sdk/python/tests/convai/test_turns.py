"""Who speaks, who is cut, what history holds. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import Clear, HandlerAsk, HandlerStop, TtsSay
from patter.bridge.events import (
    DigitPressed,
    SayAsked,
)
from patter.bridge.keypad import Keypad
from patter.bridge.records import Interim
from patter.engines.convai.wire import (
    AgentAudio,
    AgentCorrection,
    AgentText,
    CallerText,
    Interruption,
    UserMessage,
)

from .scene import LONG, greeted, telling


def test_an_interruption_clears_and_history_holds_what_was_heard() -> None:
    call = telling()
    call.gets(Interruption(call.event_id))
    assert call.all(Clear)
    late = AgentAudio(call.event_id, b"\x90" * 1600)
    played = len(call.played)
    call.gets(late)
    call.pass_ms(200)
    assert len(call.played) == played
    call.caller_says("stop")
    role, text = call.turns[-1]
    assert role == "assistant" and text.startswith("First we open at nine") and "dance" not in text
    assert call.all(HandlerStop) == [HandlerStop("t2", text)] or call.last(HandlerStop).heard == text


def test_a_correction_that_says_less_is_believed() -> None:
    call = greeted()
    call.wants("tell me")
    call.handler_says(LONG)
    call.agent_says(LONG)
    call.pass_ms(2500)
    call.gets(Interruption(call.event_id), AgentCorrection("First we open..."))
    call.caller_says("stop")
    assert call.turns[-1] == ("assistant", "First we open")


def test_a_key_cuts_the_agent_and_what_is_left_of_its_answer_is_not_played() -> None:
    call = telling()
    call.feed(DigitPressed("1"))
    assert call.all(Clear) and call.sent(UserMessage) == [UserMessage("[DTMF: 1]")]
    played = len(call.played)
    call.event_id += 1
    call.gets(AgentAudio(call.event_id, b"\x90" * 1600))  # of the old answer
    call.pass_ms(300)
    assert len(call.played) == played
    call.wants("[DTMF: 1]", 2)
    assert call.last(HandlerAsk).text == "[DTMF: 1]"
    call.handler_says("Sales.")
    call.agent_says("Sales.")
    call.pass_ms(2500)
    assert call.turns[-2:] == [("user", "[DTMF: 1]"), ("assistant", "Sales.")]


def test_an_interruption_that_only_confirms_our_own_cut_leaves_the_next_answer_alone() -> None:
    call = telling()
    cut_at = call.event_id
    call.feed(DigitPressed("1"))
    call.wants("[DTMF: 1]", 2)
    call.handler_says("Sales, one moment.")
    call.agent_says("Sales, one moment.")
    call.pass_ms(300)
    call.gets(Interruption(cut_at))
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "Sales, one moment.")
    call.wants("thanks", 3)
    call.handler_says("You are welcome.")
    call.agent_says("You are welcome.")
    call.pass_ms(500)
    call.gets(Interruption(call.event_id))
    call.caller_says("bye")
    assert call.turns[-2] == ("user", "thanks") and call.turns[-1][1] in ("You are", "You are welcome")


def test_a_correction_of_the_answer_before_does_not_shorten_the_next() -> None:
    call = greeted()
    call.wants("tell me")
    call.handler_says("Yes, we open at nine.")
    call.agent_says("Yes, we open at nine.")
    call.pass_ms(800)
    call.gets(Interruption(call.event_id))
    call.wants("and then", 2)
    call.handler_says("Yes, and close at ten.")
    call.agent_says("Yes, and close at ten.")
    call.pass_ms(900)
    call.gets(AgentCorrection("Yes,", "Yes, we open at nine."), Interruption(call.event_id))
    call.caller_says("thanks")
    assert call.turns[-1][1].startswith("Yes, and close")


def test_keys_of_an_entry_are_one_message() -> None:
    call = greeted(keypad=Keypad(collect=True, max_digits=4))
    for digit in "1234":
        call.feed(DigitPressed(digit))
    assert call.sent(UserMessage) == [UserMessage("[DTMF: 1234]")]


def test_a_text_that_somebody_wants_said_is_said_word_for_word_with_a_handler() -> None:
    call = greeted()
    call.feed(SayAsked("The doors close in five minutes."))
    ask = call.wants(call.sent(UserMessage)[-1].text)
    assert call.given(ask) == "The doors close in five minutes." and call.asked == []
    call.agent_says("The doors close in five minutes.")
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", "The doors close in five minutes.")


def test_a_text_that_the_agent_does_not_say_is_said_in_our_own_voice() -> None:
    call = greeted(reply_by="model")
    call.feed(SayAsked("The doors close."))
    assert "The doors close." in call.sent(UserMessage)[-1].text
    call.pass_ms(4100)
    assert call.last(TtsSay).text == "The doors close."
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "The doors close.")


def test_interims_are_shown_and_echoes_of_our_own_messages_are_not() -> None:
    call = greeted()
    call.gets(CallerText("I wo", final=False), CallerText("...", final=True))
    assert [entry.text for entry in call.notes(Interim)] == ["I wo"]
    call.feed(SayAsked("Hello."))
    call.caller_says(call.sent(UserMessage)[-1].text)
    call.pass_ms(100)
    assert [text for role, text in call.turns if role == "user"] == []


def test_text_that_comes_after_its_audio_is_still_its_text() -> None:
    call = greeted(reply_by="model")
    call.caller_says("hello")
    call.gets(AgentAudio(50, b"\x90" * 8000), AgentText("Good day.", 0))
    call.pass_ms(3000)
    assert call.turns[-2:] == [("user", "hello"), ("assistant", "Good day.")]

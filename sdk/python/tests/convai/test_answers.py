"""A handler's answers on their way through the vendor. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, HandlerStop, Note, TtsSay
from patter.bridge.events import (
    HandlerDelta,
    HandlerDone,
)
from patter.engines.convai.wanted import ReplyUnwanted
from patter.testing.scene import VOICE

from .scene import greeted


def test_the_transcript_and_the_request_for_its_reply_are_one_turn_in_either_order() -> None:
    call = greeted()
    call.caller_says("What are your hours?")
    call.wants("what are your hours")
    call.handler_says("Nine to five.")
    call.agent_says("Nine to five.")
    call.pass_ms(2500)
    call.wants("And on Sundays?", 2)
    call.caller_says("and on sundays")
    call.handler_says("Closed.")
    call.agent_says("Closed.")
    call.pass_ms(2500)
    assert call.turns == [
        ("assistant", "Hi."),
        ("user", "What are your hours?"),
        ("assistant", "Nine to five."),
        ("user", "And on Sundays?"),
        ("assistant", "Closed."),
    ]


def test_words_before_anything_was_heard_are_one_turn_and_the_first_handler_is_stopped() -> None:
    call = greeted()
    call.wants("I want a table")
    first = call.last(HandlerAsk)
    call.gets(ReplyUnwanted("ask1"))
    call.wants("for four people", 2)
    second = call.last(HandlerAsk)
    assert call.all(HandlerStop) == [HandlerStop(first.turn_id, "")]
    assert second.text == "I want a table for four people" and second.turn_id != first.turn_id
    assert [turn["role"] for turn in second.history] == ["assistant", "user"]


def test_a_text_that_comes_whole_once_more_is_not_said_twice() -> None:
    call = greeted()
    call.wants("I want a table")
    call.wants("I want a table for four", 1)
    assert call.last(HandlerAsk).text == "I want a table for four"


def test_the_same_message_in_one_turn_asks_the_handler_once() -> None:
    call = greeted()
    first = call.wants("hello")
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "Good day to you. And"))
    call.gets(ReplyUnwanted(first))
    second = call.wants("Hello.")
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, " how are you?"))
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    assert call.asked == ["hello"]
    assert call.given(second) == "Good day to you. And how are you? "
    assert call.ended(second) and not call.ended(first)


def test_the_same_words_in_another_turn_are_asked_again() -> None:
    call = greeted()
    call.wants("yes")
    call.handler_says("Really?")
    call.agent_says("Really?")
    call.pass_ms(2500)
    call.wants("yes", 2)
    assert call.asked == ["yes", "yes"]


def test_markdown_of_a_handler_is_not_for_ears() -> None:
    call = greeted()
    ask = call.wants("hello")
    call.handler_says("**Hello** from [us](https://acme.example).")
    assert call.given(ask) == "Hello from us. "


def test_none_from_a_handler_is_silence() -> None:
    call = greeted()
    ask = call.wants("hm well")
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    assert call.ended(ask) and call.given(ask) == ""
    call.pass_ms(5000)
    assert call.turns[-1] == ("user", "hm well") and not call.all(TtsSay)


def test_the_latency_of_a_turn_is_told_by_stage() -> None:
    call = greeted()
    call.pass_ms(600, VOICE)
    call.pass_ms(300)
    call.wants("quick question")
    call.pass_ms(100)
    call.handler_says("Yes.")
    call.pass_ms(200)
    call.agent_says("Yes.")
    call.pass_ms(2500)
    latency = call.end_of_turn_latency()
    assert (latency["end_of_turn_ms"], latency["reply_ms"], latency["speech_ms"]) == (300, 100, 200)


def test_notes_hold_nothing_that_was_said() -> None:
    call = greeted()
    call.wants("my secret number is 1234")
    told = [note.entry for note in call.all(Note) if not hasattr(note.entry, "text")]
    assert "1234" not in str([entry for entry in told if hasattr(entry, "kind")])

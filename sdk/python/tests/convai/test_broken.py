"""A conversation that breaks within an answer: another one says the rest. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk
from patter.bridge.events import HandlerDelta, HandlerDone, SpeechClosed
from patter.engines.convai.wire import AgentAudio, AgentText, ContextUpdate, Interruption, UserMessage

from .scene import LONG, ConvaiScene, greeted


def broken(**plan: object) -> ConvaiScene:
    """It broke after two seconds of an answer, all of which are heard."""
    call = greeted(**plan)
    if call.machine._plan.reply_by == "handler":
        call.wants("tell me")
        call.handler_says(LONG)
    else:
        call.caller_says("tell me")
    call.agent_says(LONG, ms=2000)
    call.pass_ms(1000)
    call.feed(SpeechClosed(call.speech_id, 1011))
    call.event_id = 0
    return call


def test_the_rest_is_said_once_what_came_was_heard() -> None:
    call = broken()
    call.pass_ms(700)  # the new conversation is there, and the caller still listens
    assert call.sent(UserMessage) == []
    call.pass_ms(1000)
    [wish] = call.sent(UserMessage)
    role, heard = call.turns[-1]
    rest = call.given(call.wants(wish.text, 1))
    assert role == "assistant" and LONG == f"{heard} {rest}"
    call.agent_says(rest)
    call.pass_ms(5000)
    assert call.turns[-2:] == [("assistant", heard), ("assistant", rest)]
    assert call.asked == ["tell me"]
    call.check()


def test_a_model_is_told_what_was_heard_and_what_to_say() -> None:
    call = broken(reply_by="model")
    call.pass_ms(1700)
    heard = call.turns[-1][1]
    assert call.sent(ContextUpdate)[0].text.endswith(f"You: {heard}")
    assert LONG.removeprefix(heard).strip() in call.sent(UserMessage)[0].text


def test_a_caller_who_goes_on_does_not_hear_the_rest() -> None:
    call = broken()
    call.pass_ms(700)
    call.gets(Interruption(0))
    ask = call.wants("never mind")
    call.handler_says("Fine.")
    assert call.given(ask) == "Fine. "
    call.agent_says("Fine.")
    call.pass_ms(3000)
    assert call.turns[-2:] == [("user", "never mind"), ("assistant", "Fine.")]
    assert call.sent(UserMessage) == []


def test_an_answer_that_still_comes_is_waited_for() -> None:
    call = greeted()
    call.wants("tell me")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "We open at nine. And "))
    call.agent_says("We open at nine.", ms=900)
    call.feed(SpeechClosed(call.speech_id, None))
    call.pass_ms(3000)
    assert call.sent(UserMessage) == []
    call.feed(HandlerDelta(turn_id, "we close at five."), HandlerDone(turn_id))
    rest = call.given(call.wants(call.sent(UserMessage)[0].text))
    assert f"{call.turns[-1][1]} {rest}" == "We open at nine. And we close at five."


def test_the_same_words_in_the_new_conversation_are_another_turn() -> None:
    call = broken()
    call.pass_ms(1700)
    rest = call.given(call.wants(call.sent(UserMessage)[0].text))
    call.agent_says(rest)
    call.pass_ms(5000)
    call.wants("tell me", 1)
    assert call.asked == ["tell me", "tell me"]


def test_the_new_conversation_counts_its_audio_anew() -> None:
    call = greeted(reply_by="model")
    call.caller_says("tell me")
    call.agent_says(LONG)
    call.pass_ms(1000)
    call.gets(Interruption(call.event_id))
    call.feed(SpeechClosed(call.speech_id, 1011))
    call.pass_ms(1500)
    call.caller_says("and now")
    played = len(call.played)
    call.gets(AgentText("Yes?", 1), AgentAudio(1, b"\x90" * 1600))
    call.pass_ms(2500)
    assert len(call.played) - played == 1600
    assert call.turns[-1] == ("assistant", "Yes?")

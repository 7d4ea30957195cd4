"""Two things at once in a convai call: tools, words over a reply, transfers, conversations that break."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerStop, HangUp, SpeechOpen, ToolRun, TransferStart
from patter.bridge.events import SpeechClosed, ToolDone
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.convai.wanted import ReplyUnwanted
from patter.engines.convai.wire import ContextUpdate, Interruption, ToolCall, ToolResult, UserMessage

from .scene import ConvaiScene, greeted, telling

DESK = TransferPolicy((TransferTarget("desk", "+15550009999"),))


def booking(**plan: object) -> ConvaiScene:
    """The agent says that it looks, while a tool runs."""
    call = greeted(reply_by="model", **plan)
    call.caller_says("a table please")
    call.gets(ToolCall("c1", "book", {}))
    call.agent_says("One moment while I look into it.")
    call.pass_ms(700)
    return call


def breaks(call: ConvaiScene) -> None:
    call.feed(SpeechClosed(call.speech_id, 1006, ""))


def test_a_tool_goes_on_when_the_caller_speaks_over_its_announcement() -> None:
    """It is the vendor's model that waits for it, and decides."""
    call = booking()
    call.gets(Interruption(call.event_id))
    call.caller_says("and hurry")
    call.feed(ToolDone(call.last(ToolRun).run_id, {"table": 7}))
    assert call.sent(ToolResult) == [ToolResult("c1", '{"table": 7}', is_error=False)]
    call.agent_says("Table seven.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "Table seven.")
    assert ("user", "and hurry") in call.turns


def test_a_conversation_that_breaks_while_a_tool_runs_is_told_its_result_and_says_the_rest() -> None:
    call = booking()
    breaks(call)
    call.pass_ms(200)
    call.feed(ToolDone(call.last(ToolRun).run_id, {"table": 7}))
    call.pass_ms(1500)
    assert len(call.all(SpeechOpen)) == 2
    told = [update.text for update in call.sent(ContextUpdate)]
    assert any('"table": 7' in text for text in told) and any("a table please" in text for text in told)
    assert call.sent(UserMessage)[-1].text.startswith("[Say to the caller exactly")


@pytest.mark.parametrize("speaks", [True, False])
def test_words_over_the_announcement_of_a_transfer_keep_the_caller(speaks: bool) -> None:
    call = greeted(reply_by="model", transfers=DESK)
    call.caller_says("a human please")
    call.pass_ms(3000)
    call.gets(ToolCall("c1", "transfer_call", {"target": "desk"}))
    call.agent_says("I put you through to the desk now.")
    call.pass_ms(600)
    if speaks:
        call.gets(Interruption(call.event_id))
    call.pass_ms(4000)
    assert bool(call.all(TransferStart)) is not speaks
    assert bool(call.sent(ToolResult)) is speaks


def test_a_goodbye_whose_conversation_breaks_is_heard_as_far_as_it_came_and_ends_the_call() -> None:
    call = greeted(reply_by="model")
    call.caller_says("bye")
    call.pass_ms(3000)
    call.agent_says("Goodbye, and have a nice evening.")
    call.gets(ToolCall("c1", "end_call", {}))
    call.pass_ms(600)
    breaks(call)
    call.pass_ms(4000)
    assert call.end is not None and call.end.reason == "agent_ended"
    assert len(call.all(SpeechOpen)) == 1 and call.last(HangUp).say == ""


def test_a_filler_whose_conversation_breaks_is_followed_by_the_answer_in_the_next() -> None:
    call = greeted()
    call.wants("tell me")
    call.pass_ms(1700)
    call.agent_says("One moment, please.")
    call.pass_ms(300)
    breaks(call)
    call.handler_says("Here it is.")
    call.pass_ms(3000)
    ask = call.wants(call.sent(UserMessage)[-1].text)
    assert call.given(ask).endswith("Here it is.")
    assert call.asked == ["tell me"] and not call.all(HandlerStop)


def test_a_question_that_is_taken_back_within_a_reply_and_asked_otherwise_hears_the_new_answer() -> None:
    call = telling()
    call.gets(Interruption(call.event_id))
    guess = call.wants("what", 2)
    call.gets(ReplyUnwanted(guess))
    ask = call.wants("what about Sunday", 2)
    call.handler_says("Closed.")
    assert call.given(ask) == "Closed. " and call.given(guess) == ""
    assert [stop.heard for stop in call.all(HandlerStop)][1:] == [""]

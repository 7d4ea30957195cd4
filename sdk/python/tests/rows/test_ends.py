"""How calls end: the last words are heard, there is one end, and nothing comes after it."""

import asyncio

import pytest

from patter.bridge.events import CarrierEnded
from patter.simulators.openai.script import Answer, ToolUse
from patter.tools.builtin import built_in_functions

GOODBYE = "Thank you for calling, it was a pleasure, and have a very nice day. Goodbye."
TOOLS = built_in_functions()
GOODBYE_MS = 65 * len(GOODBYE)


def says_goodbye(question):
    return Answer(GOODBYE, tools=(ToolUse("end_call", '{"reason": "done"}'),))


async def test_a_goodbye_of_four_seconds_is_heard_in_full_before_the_hang_up(call, model):
    model.answer = says_goodbye
    async with call(tools=TOOLS) as up:
        await up.phone.passes(3000)  # a younger call is not ended by the model
        await up.phone.speaks()
        assert await up.ended() == "agent_ended"
        buffer = up.phone.side.buffer
        assert buffer.played_bytes == buffer.received_bytes and up.phone.sounding_ms >= GOODBYE_MS - 150
    assert up.home.control.asked == ["CA1"]
    assert up.home.turns[-1].text == GOODBYE and not up.home.turns[-1].interrupted


async def test_a_model_that_ends_the_call_on_the_first_turn_is_told_to_go_on(call, model):
    def hasty(question):
        if question.tool_results:
            return Answer("How can I help?")
        return Answer("", tools=(ToolUse("end_call", "{}"),))

    model.answer = hasty
    async with call(tools=TOOLS) as up:
        await up.phone.speaks(600)
        await up.phone.until(lambda: "How can I help?" in [turn.text for turn in up.home.turns])
        await up.phone.hang_up()
        assert await up.ended() == "caller_hung_up"
    assert up.home.control.asked == []


@pytest.mark.parametrize("after_ms", [0, 100, 400, 900, 1600, 2500])
async def test_a_caller_who_leaves_in_the_goodbye_ends_the_call_once(call, model, after_ms):
    model.answer = says_goodbye
    async with call(tools=TOOLS) as up:
        await up.phone.passes(3000)  # a younger call is not ended by the model
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms > after_ms)
        await up.phone.hang_up()
        assert await up.ended() == "caller_hung_up"
    assert up.home.end.reason == "caller_hung_up"  # ``end`` asserts that there is one
    assert up.home.control.asked == [], "a call that is over is not hung up"


@pytest.mark.parametrize(("stop", "close"), [(True, True), (True, False), (False, True)])
async def test_stop_and_close_in_any_mixture_are_one_end(call, answers, stop, close):
    async with call(answers("Of course."), first_message="Hello, who is there?") as up:
        await up.phone.until(lambda: up.phone.sounding_ms > 200)
        await up.phone.hang_up(stop=stop, close=close)
        if not stop:  # the line may come back; the carrier's own word comes by webhook
            up.home.session.feed(CarrierEnded())
        assert await up.ended() == "caller_hung_up"
    assert up.home.end.reason == "caller_hung_up"


async def test_nothing_is_sent_after_the_caller_left(call, answers):
    """Queued audio and a handler that answers late belong to nobody any more."""
    handler = answers("This is a long answer that nobody is going to hear to its very end, is it not?")
    async with call(handler) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms > 1200)
        await up.phone.hang_up(close=False)
        assert await up.ended() == "caller_hung_up"
        received = up.phone.side.buffer.received_bytes
        await asyncio.wait_for(up.phone.over.wait(), 20)  # it is our side that closes
        assert up.phone.side.buffer.received_bytes == received
    assert up.home.turns[-1].interrupted

"""A caller is given to a human, and comes back where nobody takes them."""

from __future__ import annotations

import pytest

from patter.simulators.openai.script import tool, use_tools
from patter.simulators.script import Digits, HangUp, Listen, Say, Wait
from patter.simulators.twilio.world import Phone

SALES = "+15550170000"
ASKS = Say("what are your hours", patience_ms=200)


def said(end):
    return [row["text"] for row in end["transcript"]]


async def one_call(world, pipeline, *, answer, kind="cold", **phone_of_sales):
    world.twilio.add_phone(Phone(SALES, **phone_of_sales))
    world.model.answer = use_tools(tool("transfer_call", target="sales", summary="A caller."), then=answer)
    phone, ends = world.phone(), []
    agent = pipeline(
        phone,
        transfer_targets=[{"name": "sales", "number": SALES, "kind": kind, "ring_s": 5}],
    )
    await world.serve(phone, agent, on_call_end=ends.append)
    call = await world.ring(ASKS, Listen())
    await phone.disconnect()
    await world.close()
    assert call.trouble_codes == []
    return ends[0]


@pytest.mark.supports("a cold transfer", mode="pipeline", reply_by="model")
async def test_the_caller_is_connected(world, pipeline):
    end = await one_call(world, pipeline, answer="unused")
    assert end["reason"] == "transferred"
    assert "One moment, I will put you through." in said(end)


@pytest.mark.supports("a warm transfer", mode="pipeline", reply_by="model")
@pytest.mark.parametrize(("key", "reason"), [("1", "transferred"), ("2", "caller_hung_up")])
async def test_a_human_hears_the_summary_and_takes_the_call_or_not(world, pipeline, key, reason):
    """Warm: the caller waits meanwhile, and comes back where the human does not want them."""
    world.twilio.add_phone(Phone(SALES, steps=(Digits(key), Listen())))
    world.model.answer = use_tools(
        tool("transfer_call", target="sales", summary="Ada wants a price."), then="Nobody has time."
    )
    phone, ends = world.phone(), []
    agent = pipeline(
        phone, transfer_targets=[{"name": "sales", "number": SALES, "kind": "warm", "ring_s": 5}]
    )
    await world.serve(phone, agent, on_call_end=ends.append)
    await world.ring(ASKS, Wait(14000), HangUp())
    await phone.disconnect()
    await world.close()
    assert ends[0]["reason"] == reason
    assert ("Nobody has time." in said(ends[0])) is (key == "2")


@pytest.mark.supports("a cold transfer", mode="pipeline", reply_by="model")
@pytest.mark.parametrize("behaviour", ["busy", "no-answer"])
async def test_the_caller_comes_back_with_the_reason(world, pipeline, behaviour):
    told = []

    def answer(question):
        if question.tool_results:
            told.append(question.tool_results[-1])
            return use_tools(tool("end_call"), then="Nobody is there.")(question)
        return use_tools(tool("transfer_call", target="sales"))(question)

    world.twilio.add_phone(Phone(SALES, behaviour))
    world.model.answer = answer
    phone, ends = world.phone(), []
    agent = pipeline(phone, transfer_targets=[{"name": "sales", "number": SALES, "ring_s": 5}])
    await world.serve(phone, agent, on_call_end=ends.append)
    await world.ring(ASKS, Wait(9000), HangUp())
    await phone.disconnect()
    await world.close()
    assert ends[0]["reason"] == "caller_hung_up"
    assert "Nobody is there." in said(ends[0])
    assert behaviour.replace("-", "_") in told[0]

"""What a handler does in a real call: breaks, is slow, is silent, streams, and acts on the call."""

from __future__ import annotations

import asyncio

import pytest

from patter.simulators.script import Digits, HangUp, Listen, Over, Say, Wait

ASKS = Say("what are your hours", patience_ms=200)


def said(end):
    return [(row["role"], row["text"]) for row in end["transcript"]]


async def one_call(world, pipeline, on_message, *steps, **agent):
    phone, ends = world.phone(), []
    await world.serve(phone, pipeline(phone, **agent), on_message=on_message, on_call_end=ends.append)
    call = await world.ring(*steps)
    await phone.disconnect()
    await world.close()
    assert call.trouble_codes == []
    return ends[0]


async def test_a_handler_that_breaks_is_apologised_for(world, pipeline):
    def broken(msg):
        raise RuntimeError("no such customer")

    end = await one_call(world, pipeline, broken, ASKS, Wait(3500), HangUp())
    assert said(end)[1] == ("assistant", "Sorry, I did not get that. Could you say it again?")


async def test_a_slow_handler_is_bridged_by_a_filler_and_then_given_up(world, pipeline):
    over = asyncio.Event()

    async def slow(msg):
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    end = await one_call(
        world,
        pipeline,
        slow,
        ASKS,
        Wait(5500),
        HangUp(),
        turn_taking={"handler_timeout_s": 1.5, "filler_after_ms": 500},
    )
    await asyncio.wait_for(over.wait(), 5)
    assert ("system", "One moment, please.") in said(end)
    assert said(end)[-1][1].startswith("Sorry, I did not get that.")


async def test_none_is_silence(world, pipeline):
    end = await one_call(world, pipeline, lambda msg: None, ASKS, Wait(1500), HangUp())
    assert said(end) == [("user", "what are your hours")]


@pytest.mark.supports("speaking over a reply", mode="pipeline", reply_by="handler")
async def test_a_reply_that_streams_is_cut_when_the_caller_speaks_and_the_handler_learns_it(world, pipeline):
    world.ears.utterances = ["what are your hours", "hold on please"]
    cut = []

    async def streams(msg):
        if msg.text != "what are your hours":
            yield "Yes?"
            return
        try:
            for number in range(40):
                yield f"Sentence number {number} of very many. "
                await asyncio.sleep(0.1)
        except asyncio.CancelledError as error:
            cut.append(str(error))
            raise

    end = await one_call(
        world, pipeline, streams, ASKS, Over("hold on please, will you", 2500), Wait(2500), HangUp()
    )
    rows = end["transcript"]
    reply = next(row for row in rows if row["role"] == "assistant")
    assert reply["interrupted"]
    assert cut == [reply["text"]]
    assert reply["text"].startswith("Sentence number 0 of very many.")
    assert rows[-1]["text"] == "Yes?"


@pytest.mark.supports("keys", mode="pipeline", reply_by="handler")
async def test_keys_reach_the_handler_and_the_callback(world, pipeline):
    phone, asked, digits = world.phone(), [], []

    async def on_message(msg, call):
        asked.append(msg.text)
        await call.say("Thank you, goodbye.") if msg.text == "[DTMF: 2]" else None

    agent = pipeline(phone, first_message="Press one.")
    await world.serve(phone, agent, on_message=on_message, on_dtmf=lambda data: digits.append(data["digit"]))
    call = await world.ring(Digits("12"), Wait(2500), HangUp())
    await phone.disconnect()
    await world.close()
    assert asked == ["[DTMF: 1]", "[DTMF: 2]"]
    assert digits == ["1", "2"]
    assert call.of_kind("agent_started")


@pytest.mark.supports("the agent ends the call", mode="pipeline", reply_by="handler")
async def test_a_handler_can_hang_up(world, pipeline):
    async def on_message(msg, call):
        await call.hang_up()

    end = await one_call(world, pipeline, on_message, ASKS, Listen())
    assert end["reason"] == "api_hung_up"


@pytest.mark.supports("keys out", mode="pipeline", reply_by="handler")
async def test_keys_are_sent_and_the_conversation_goes_on(world, pipeline):
    async def on_message(msg, call):
        if call.status == "":
            call.status = "sent"
            await call.send_digits("1w2#")
            return None
        return "I am still here."

    end = await one_call(
        world, pipeline, on_message, ASKS, Wait(3500), Say("what are your hours"), Wait(3000), HangUp()
    )
    assert said(end)[-1] == ("assistant", "I am still here.")
    assert end["reason"] == "caller_hung_up"

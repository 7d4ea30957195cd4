"""OpenAI Realtime in local mode: the same agent, the same handler, another voice mode."""

from __future__ import annotations

from patter.simulators.script import HangUp, Say, Wait


async def one_call(world, **options):
    phone, ends = world.phone(), []
    agent = phone.agent(
        "You work for {shop}.", first_message="Hello!", variables={"shop": "Acme"}, voice="alloy"
    )
    await world.serve(phone, agent, on_call_end=ends.append, **options)
    call = await world.ring(Say("what are your hours"), Wait(4000), HangUp())
    await phone.disconnect()
    await world.close()
    assert call.trouble_codes == []
    return ends[0]


async def test_the_model_hears_and_speaks(world):
    end = await one_call(world)
    assert (end["mode"], end["reason"]) == ("realtime", "caller_hung_up")
    assert [turn["role"] for turn in end["history"]][:3] == ["assistant", "user", "assistant"]


async def test_a_handler_answers_in_the_same_way(world):
    asked = []

    async def on_message(msg):
        asked.append(msg)
        return "We are open from nine to five."

    end = await one_call(world, on_message=on_message)
    assert asked and asked[0].text
    assert end["history"][-1]["role"] == "assistant"
    assert "nine to five" in end["history"][-1]["text"]

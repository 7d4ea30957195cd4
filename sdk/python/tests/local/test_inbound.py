"""Somebody calls, and the user's own code answers, in the user's own process."""

from __future__ import annotations

import pytest

from patter.simulators.openai.script import tool, use_tools
from patter.simulators.script import HangUp, Listen, Say, Wait


@pytest.mark.supports("greeting", "several turns", mode="pipeline", reply_by="handler")
async def test_a_caller_is_answered_by_the_handler_and_the_callbacks_are_told(world, pipeline):
    phone, asked, told = world.phone(), [], []

    async def on_message(msg):
        asked.append(msg)
        return "We are open from nine to five."

    await world.serve(
        phone,
        pipeline(phone, first_message="Hello {name}!", variables={"name": "Jane"}),
        on_message=on_message,
        on_call_start=lambda data: told.append(("start", data)),
        on_call_end=lambda data: told.append(("end", data)),
        on_transcript=lambda data: told.append(("turn", data)),
    )
    call = await world.ring(Say("what are your hours"), Wait(2600), HangUp())
    await phone.disconnect()
    await world.close()
    assert call.trouble_codes == []
    assert [msg.text for msg in asked] == ["what are your hours"]
    assert (asked[0].caller, asked[0].callee, asked[0].direction) == (
        "+15550002222",
        "+15550001111",
        "inbound",
    )
    talk = [
        {"role": "assistant", "text": "Hello Jane!"},
        {"role": "user", "text": "what are your hours"},
        {"role": "assistant", "text": "We are open from nine to five."},
    ]
    assert asked[0].history == talk[:2]

    assert [kind for kind, _ in told] == ["start", "turn", "turn", "turn", "end"]
    start, *turns, end = [data for _, data in told]
    assert start["caller"] == "+15550002222"
    assert start["call_id"] == asked[0].call_id
    assert (start["mode"], start["variables"], start["history"]) == ("pipeline", {"name": "Jane"}, [])
    assert [{"role": turn["role"], "text": turn["text"]} for turn in turns] == talk
    assert [turn["history"] for turn in turns] == [talk[:1], talk[:2], talk]
    assert turns[2]["latency"]["total_ms"] > 0
    assert end["history"] == talk
    assert [row["text"] for row in end["transcript"]] == [turn["text"] for turn in talk]
    assert end["reason"] == "caller_hung_up"
    assert 3 < end["duration"] == end["duration_seconds"] < 30
    assert "recording_path" not in end


@pytest.mark.supports("the agent ends the call", "tools", mode="pipeline", reply_by="model")
async def test_without_a_handler_the_model_answers_and_hangs_up(world, pipeline):
    world.model.answer = use_tools(tool("end_call", reason="done"))
    phone, ends = world.phone(), []
    agent = pipeline(phone, system_prompt="You are at {shop}.", variables={"shop": "Acme"})
    await world.serve(phone, agent, on_call_end=ends.append)
    # A model may not hang up on somebody whose call has only just begun.
    call = await world.ring(Wait(2500), Say("what are your hours", patience_ms=200), Listen())
    await phone.disconnect()
    await world.close()
    assert call.trouble_codes == []
    assert ends[0]["reason"] == "agent_ended"
    assert ends[0]["history"][-1] == {"role": "assistant", "text": "Goodbye."}
    question = world.model.questions[0]
    assert question.messages[0] == {"role": "system", "content": "You are at Acme."}


async def test_two_calls_at_once_are_kept_apart(world, pipeline):
    world.ears.utterances = ["what are your hours"]
    phone, ends = world.phone(), []
    by_caller = {"+15550002222": "The first answer.", "+15550003333": "The second answer."}
    agent = pipeline(phone)
    await world.serve(
        phone, agent, on_message=lambda msg: by_caller[msg.caller], on_call_end=ends.append, recording=True
    )
    calls = [
        await world.dial(Say("what are your hours", patience_ms=200), Wait(2000), HangUp(), caller=caller)
        for caller in by_caller
    ]
    for call in calls:
        assert (await call.ended()).trouble_codes == []
    await phone.disconnect()
    await world.close()
    assert {end["caller"]: end["history"][-1]["text"] for end in ends} == by_caller
    assert len({end["call_id"] for end in ends}) == 2
    assert len({end["recording_path"] for end in ends}) == 2

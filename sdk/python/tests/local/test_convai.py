"""An ElevenLabs agent carries the calls, and the user's own code answers, in the user's own process."""

from __future__ import annotations

import logging

import httpx
import pytest

from patter import ConfigError
from patter.local.convai import reply_key
from patter.simulators.elevenlabs.convai_brain import Answer
from patter.simulators.script import HangUp, Listen, Say


@pytest.fixture
def agent_id(world) -> str:
    world.voice.convai.ways.utterances = ["what are your hours", "and on sundays"]
    return world.voice.convai.add_agent()


@pytest.mark.supports("greeting", "several turns", mode="convai", reply_by="handler")
async def test_the_handler_answers_once_the_agent_is_set_up(world, agent_id):
    phone, asked, ends = world.phone(), [], []

    async def on_message(msg):
        asked.append(msg.text)
        yield "We are open "
        yield "from nine to five."

    agent = phone.agent(convai_agent_id=agent_id, first_message="Hello {name}!", variables={"name": "Jane"})
    await world.serve(phone, agent, on_message=on_message, on_call_end=ends.append, replace=True)
    call = await world.ring(Say("a"), Say("b"), HangUp())
    await phone.disconnect()
    await world.close()
    assert call.trouble_codes == []
    assert asked == ["what are your hours", "and on sundays"]
    assert [turn["text"] for turn in ends[0]["history"]] == [
        "Hello Jane!",
        "what are your hours",
        "We are open from nine to five.",
        "and on sundays",
        "We are open from nine to five.",
    ]
    assert ends[0]["reason"] == "caller_hung_up"


@pytest.mark.supports("the agent ends the call", "tools", mode="convai", reply_by="model")
async def test_without_a_handler_the_vendors_model_answers(world, agent_id):
    world.voice.convai.ways.script = lambda text: Answer("Goodbye then.", tool=("end_call", {}))
    phone, ends = world.phone(), []
    agent = phone.agent("Be kind.", convai_agent_id=agent_id)
    await world.serve(phone, agent, on_call_end=ends.append, replace=True)
    await world.ring(Say("a", patience_ms=3200), Listen())
    await phone.disconnect()
    await world.close()
    assert ends[0]["reason"] == "agent_ended"
    [conversation] = world.voice.convai.conversations
    assert conversation.messages[0] == {"role": "system", "content": "Be kind."}


async def test_what_has_to_be_changed_is_said_and_nothing_is_changed_unasked(world, agent_id, caplog):
    phone = world.phone()
    with caplog.at_level(logging.WARNING, logger="patter"):
        await world.serve(phone, phone.agent(convai_agent_id=agent_id), on_message=lambda msg: "Yes.")
    await phone.disconnect()
    await world.close()
    assert "Set the TTS output format to μ-law 8000 Hz." in caplog.text
    assert world.voice.convai.writes == []


async def test_what_cannot_work_is_an_error_before_anybody_calls(world):
    phone = world.phone()
    with pytest.raises(ConfigError, match="convai_agent_id"):
        await world.serve(phone, phone.agent(mode="convai"), on_message=lambda msg: "Yes.")
    with pytest.raises(ConfigError, match="agent_not_found.*Check elevenlabs_key and convai_agent_id"):
        await world.serve(phone, phone.agent(convai_agent_id="agent_gone"), on_message=lambda msg: "Yes.")
    await world.close()


async def test_a_stranger_gets_no_reply(world, agent_id):
    phone = world.phone()
    await world.serve(
        phone, phone.agent(convai_agent_id=agent_id), on_message=lambda msg: "Yes.", replace=True
    )
    key = reply_key(world.voice.api_key, agent_id)
    async with httpx.AsyncClient(trust_env=False) as http:
        for headers in ({}, {"authorization": f"Bearer {key}"}, {"x-patter-call": ""}):
            url = f"{world.base_url}/llm/v1/{agent_id}/chat/completions"
            assert (await http.post(url, json={"messages": []}, headers=headers)).status_code == 401
    await phone.disconnect()
    await world.close()

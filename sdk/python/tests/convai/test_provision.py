"""An ElevenLabs agent is set up for Patter, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from patter.engines.convai.provision import Account
from patter.engines.convai.wanted_agent import EVENTS, Wanted
from patter.errors import EngineError
from patter.simulators.elevenlabs import ElevenLabsServer, Fault

LOOK = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Looks an order up.",
        "parameters": {
            "type": "object",
            "properties": {
                "number": {"type": ["integer", "null"], "minimum": 1},
                "kind": {"type": "string", "enum": ["new", "old"], "description": "Which orders."},
                "lines": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["number"],
            "additionalProperties": False,
        },
    },
}
END = {"type": "function", "function": {"name": "end_call", "description": "Ends.", "parameters": {}}}
MODEL = Wanted("Front desk", language="de-CH", tools=(LOOK, END), keyterms=("Acme",), voice="voice_1")
HANDLER = Wanted("Front desk", reply_url="https://acme.example/llm/v1/agt_1", reply_key="llm_key")
BOTH = pytest.mark.parametrize("wanted", [MODEL, HANDLER], ids=["model", "handler"])


@pytest.fixture
async def vendor() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer() as running:
        yield running


@pytest.fixture
def account(vendor: ElevenLabsServer) -> Account:
    return Account(vendor.api_key, vendor.base_url)


@BOTH
async def test_a_new_agent_is_made_and_found_right(vendor, account, wanted):
    made = await account.provision("", wanted)
    assert made.created and list(vendor.convai.agents) == [made.agent_id]
    assert await account.check(made.agent_id, wanted) == []
    config = vendor.convai.agents[made.agent_id]["conversation_config"]
    assert config["tts"]["agent_output_audio_format"] == "ulaw_8000"


@BOTH
async def test_an_agent_of_somebody_is_mended_and_keeps_what_is_theirs(vendor, account, wanted):
    theirs = {"agent": {"first_message": "Mine", "prompt": {"prompt": "Be kind."}}}
    events = {"conversation": {"client_events": ["audio", "vad_score"]}}
    agent_id = vendor.convai.add_agent({"conversation_config": {**theirs, **events}})
    found = await account.check(agent_id, wanted)
    assert vendor.convai.writes == []
    changed = (await account.provision(agent_id, wanted)).changed
    assert {finding.setting for finding in changed} == {finding.setting for finding in found}
    config = vendor.convai.agents[agent_id]["conversation_config"]
    assert (config["agent"]["first_message"], config["agent"]["prompt"]["prompt"]) == ("Mine", "Be kind.")
    assert config["conversation"]["client_events"] == [*EVENTS, "vad_score"]
    assert await account.check(agent_id, wanted) == []


@BOTH
async def test_a_second_time_nothing_is_written(vendor, account, wanted):
    made = await account.provision("", wanted)
    vendor.convai.writes.clear()
    again = await account.provision(made.agent_id, wanted)
    assert (again.created, again.changed, vendor.convai.writes) == (False, (), [])


async def test_what_is_wrong_is_told_in_words(vendor, account):
    sentences = [finding.sentence for finding in await account.check(vendor.convai.add_agent(), MODEL)]
    assert "Set the TTS output format to μ-law 8000 Hz." in sentences
    assert "Set the turn timeout to -1: Patter counts silence itself." in sentences
    assert "Allow calls to override “agent.first_message” (security settings of the agent)." in sentences
    assert any(
        sentence.startswith("Switch these client events on: agent_response_") for sentence in sentences
    )
    assert any("client tool look_up" in sentence for sentence in sentences)


async def test_a_tool_that_changed_is_changed_there_too(vendor, account):
    made = await account.provision("", MODEL)
    vendor.convai.writes.clear()
    other = {"type": "function", "function": {**LOOK["function"], "description": "Finds an order."}}
    await account.provision(made.agent_id, replace(MODEL, tools=(other, END)))
    [write] = vendor.convai.writes
    assert write.startswith("PATCH tools/")
    descriptions = {tool["tool_config"]["description"] for tool in vendor.convai.tools.values()}
    assert descriptions == {"Finds an order.", "Ends."}


async def test_a_new_key_is_a_new_secret(vendor, account):
    made = await account.provision("", HANDLER)
    changed = (await account.provision(made.agent_id, replace(HANDLER, reply_key="other"))).changed
    assert [finding.setting for finding in changed] == ["conversation_config.agent.prompt.custom_llm"]
    assert {secret["value"] for secret in vendor.convai.secrets.values()} == {"llm_key", "other"}


@pytest.mark.parametrize(
    ("fault", "permanent", "word"),
    [(Fault(status=401), True, "invalid_api_key"), (Fault(status=500), False, "internal_server_error")],
)
async def test_refusals_are_told(vendor, account, fault, permanent, word):
    vendor.faults.add("agents", fault)
    with pytest.raises(EngineError, match=word) as refused:
        await account.check("agent_1", MODEL)
    assert refused.value.permanent is permanent


async def test_an_agent_that_is_not_there(account):
    with pytest.raises(EngineError, match="agent_not_found"):
        await account.check("agent_1", MODEL)


async def test_an_agent_that_had_a_handler_and_gets_a_model_needs_a_choice(vendor, account):
    made = await account.provision("", HANDLER)
    again = await account.provision(made.agent_id, MODEL)
    [left] = again.left
    assert left.sentence.startswith("Choose one of ElevenLabs' models")
    assert left in await account.check(made.agent_id, MODEL)

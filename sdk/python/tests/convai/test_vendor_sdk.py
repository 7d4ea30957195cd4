"""ElevenLabs' own SDK works against the simulated agents as against real ones, and reads what we write."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import (
    AgentPlatformSettingsRequestModel,
    ConversationalConfig,
    ConversationInitiationClientDataRequestInput,
    ToolRequestModel,
)

from patter.engines.convai.wanted_agent import Wanted, wanted_settings
from patter.engines.convai.wanted_tools import client_tool
from patter.engines.convai.wire import Initiation, encode
from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.elevenlabs.convai_brain import Answer
from patter.simulators.sound import tone

from .home import EVENTS, MAY_OVERRIDE
from .test_provision import HANDLER, LOOK, MODEL

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it names a client of websockets that is going
    from elevenlabs.conversational_ai.conversation import (
        AsyncAudioInterface,
        AsyncConversation,
        ClientTools,
        ConversationInitiationData,
    )


class Sound(AsyncAudioInterface):
    """The SDK's ears and mouth."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.interrupted = 0
        self.say: Any = None

    async def start(self, input_callback: Any) -> None:
        self.say = input_callback

    async def stop(self) -> None:
        pass

    async def output(self, audio: bytes) -> None:
        self.heard += audio

    async def interrupt(self) -> None:
        self.interrupted += 1


@pytest.fixture
async def server() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer() as running:
        running.convai.ways.ping_s = 0.2
        yield running


@pytest.fixture
async def vendor(server: ElevenLabsServer) -> AsyncIterator[AsyncElevenLabs]:
    async with httpx.AsyncClient() as client:
        yield AsyncElevenLabs(api_key=server.api_key, base_url=server.base_url, httpx_client=client)


def agent(server: ElevenLabsServer, first_message: str = "Hello and welcome.") -> str:
    config = {
        "asr": {"user_input_audio_format": "ulaw_8000"},
        "tts": {"agent_output_audio_format": "ulaw_8000"},
        "conversation": {"client_events": EVENTS},
        "agent": {"first_message": first_message},
    }
    # Public: the SDK asks for a signed address without giving way to a server in the same loop.
    settings = {"auth": {"enable_auth": False}, "overrides": MAY_OVERRIDE}
    return server.convai.add_agent({"conversation_config": config, "platform_settings": settings})


async def eventually(condition: Any) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


async def test_a_conversation_with_speech_a_tool_and_an_interruption(server, vendor):
    server.convai.ways.utterances = ["is it there", "stop"]
    script = {"is it there": Answer("Let me look.", tool=("check", {"item": "table"}))}
    long = "Three are left. " * 8
    server.convai.ways.script = lambda text: script.get(text) or Answer(long if "tool:" in text else "Fine.")
    sound, said, told, corrected = Sound(), [], [], []
    tools = ClientTools(loop=asyncio.get_running_loop())
    tools.register("check", lambda given: f"found {given['item']}")

    async def keep(into: list[Any], *values: Any) -> None:
        into.append(values)

    conversation = AsyncConversation(
        vendor,
        agent(server),
        requires_auth=False,
        audio_interface=sound,
        client_tools=tools,
        config=ConversationInitiationData(
            conversation_config_override={"agent": {"first_message": "Hello, Ana."}}
        ),
        callback_agent_response=lambda text: keep(said, text),
        callback_user_transcript=lambda text: keep(told, text),
        callback_agent_response_correction=lambda old, new: keep(corrected, old, new),
    )
    await conversation.start_session()
    await eventually(lambda: said)
    assert said == [("Hello, Ana.",)]
    for _ in range(2):
        await asyncio.sleep(1.0)
        for at in range(0, 8000, 160):
            await sound.say(tone(1000)[at : at + 160])
        for _ in range(40):
            await sound.say(b"\xff" * 160)
        await eventually(lambda: len(told) > len(corrected) or sound.interrupted)
        await eventually(lambda: len(said) >= 3)
    await eventually(lambda: len(said) >= 4)
    await conversation.end_session()
    assert told == [("is it there",), ("stop",)]
    assert [text for (text,) in said] == ["Hello, Ana.", "Let me look.", long.strip(), "Fine."]
    assert sound.interrupted == 1 and corrected[0][0].startswith("Three are left")
    [result] = server.convai.conversations[0].tool_results
    assert result["result"] == "found table"
    assert len(sound.heard) > 8000
    tools.stop()


async def test_what_the_agent_does_not_allow_ends_the_conversation(server, vendor):
    details: list[Any] = []

    async def gone(detail: Any) -> None:
        details.append(detail)

    config = ConversationInitiationData(conversation_config_override={"agent": {"language": "de"}})
    conversation = AsyncConversation(
        vendor,
        agent(server),
        requires_auth=False,
        audio_interface=Sound(),
        config=config,
        callback_disconnect=gone,
    )
    await conversation.start_session()
    await eventually(lambda: details)
    assert (details[0].close_code, details[0].close_reason) == (1008, "override_error")
    conversation.client_tools.stop()


async def test_agents_tools_and_secrets(server, vendor):
    settings = wanted_settings(MODEL)
    made = await vendor.conversational_ai.agents.create(
        name="Front desk",
        conversation_config=ConversationalConfig.model_validate(settings["conversation_config"]),
        platform_settings=AgentPlatformSettingsRequestModel.model_validate(settings["platform_settings"]),
    )
    read = await vendor.conversational_ai.agents.get(made.agent_id)
    assert read.conversation_config.tts.agent_output_audio_format == "ulaw_8000"
    assert read.platform_settings.overrides.conversation_config_override.agent.first_message is True
    tool = await vendor.conversational_ai.tools.create(
        request=ToolRequestModel.model_validate({"tool_config": client_tool(LOOK)})
    )
    assert tool.id in server.convai.tools
    secret = await vendor.conversational_ai.secrets.create(name="n", value="v")
    assert server.convai.secrets[secret.secret_id]["value"] == "v"
    url = await vendor.conversational_ai.conversations.get_signed_url(agent_id=made.agent_id)
    assert url.signed_url.startswith("ws://127.0.0.1")


async def test_what_elevenlabs_refuses_is_refused(server, vendor):
    with pytest.raises(ApiError) as refused:
        await vendor.conversational_ai.conversations.get_signed_url(agent_id="agent_none")
    assert refused.value.status_code == 404
    wrong = ConversationalConfig.model_validate({"tts": {"agent_output_audio_format": "mp3_44100"}})
    with pytest.raises(ApiError) as refused:
        await vendor.conversational_ai.agents.create(conversation_config=wrong)
    assert refused.value.status_code == 422


@pytest.mark.parametrize("wanted", [MODEL, HANDLER], ids=["model", "handler"])
def test_what_is_set_up_is_what_the_sdks_types_know(wanted: Wanted):
    """A field that they do not know would be written and never read."""
    settings = wanted_settings(wanted, secret_id="secret_1")
    config = ConversationalConfig.model_validate(settings["conversation_config"])
    platform = AgentPlatformSettingsRequestModel.model_validate(settings["platform_settings"])
    assert unknown(config) == unknown(platform) == []
    tool = ToolRequestModel.model_validate({"tool_config": client_tool(LOOK)})
    assert unknown(tool) == []


def test_the_first_message_is_the_sdks():
    message = encode(Initiation({"agent": {"first_message": "Hi"}, "tts": {"voice_id": "v"}}, {"a": 1}))
    read = ConversationInitiationClientDataRequestInput.model_validate_json(message)
    assert unknown(read) == ["type"]
    assert read.conversation_config_override.agent.first_message == "Hi"


def unknown(model: Any) -> list[str]:
    """Fields that a model took although it does not know them, at any depth."""
    found = list(getattr(model, "model_extra", None) or {})
    for name in type(model).model_fields:
        value = getattr(model, name)
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        for inner in values:
            if hasattr(type(inner), "model_fields"):
                found += unknown(inner)
    return found

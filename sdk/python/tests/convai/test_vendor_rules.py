"""The simulated agents refuse what ElevenLabs refuses: at the socket, and over REST to its own SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import ConversationalConfig, ToolRequestModel
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from patter.simulators.elevenlabs import ElevenLabsServer

from .home import EVENTS

BEGIN = {"type": "conversation_initiation_client_data"}
FORMAT = {"tts": {"agent_output_audio_format": "pcm_8000"}}
UNSERVED = {"agent": {"prompt": {"llm": "custom-llm"}}}
RESULT = {"type": "client_tool_result", "tool_call_id": "c1", "result": {"no": "text"}, "is_error": False}


@pytest.fixture
async def server() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer() as running:
        running.convai.ways.ping_s = 0.05
        yield running


def agent(server: ElevenLabsServer, **agent: Any) -> str:
    config = {"conversation": {"client_events": EVENTS}, "agent": agent}
    return server.convai.add_agent({"conversation_config": config})


async def open_socket(server: ElevenLabsServer, agent_id: str, **query: str) -> ClientConnection:
    base = server.base_url.replace("http", "ws", 1)
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return await connect(f"{base}/v1/convai/conversation?agent_id={agent_id}{more}", proxy=None)


async def closing(socket: ClientConnection) -> tuple[int, str]:
    """How the vendor closes, and the type of the error before it."""
    kind = ""
    async with asyncio.timeout(20):
        try:
            while True:
                message = json.loads(await socket.recv())
                kind = message.get("error_event", {}).get("error_type", kind)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, kind


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ({"user_audio_chunk": "AAAA"}, "missing_fields"),
        ([], "missing_fields"),
        ({**BEGIN, "surprise": 1}, "invalid_message"),
        ({**BEGIN, "dynamic_variables": {"list": [1]}}, "invalid_message"),
        ({**BEGIN, "conversation_config_override": {"agent": {"first_message": "Hi"}}}, "override_error"),
        (
            {**BEGIN, "conversation_config_override": FORMAT},
            "override_error",
        ),
        (BEGIN, "missing_dynamic_variable"),
    ],
)
async def test_a_conversation_that_begins_wrongly(server, first, kind):
    socket = await open_socket(server, agent(server, first_message="Hello {{name}}."))
    await socket.send(json.dumps(first))
    assert await closing(socket) == (1008, kind)


@pytest.mark.parametrize(
    "message",
    [
        "oops",
        json.dumps({"type": "audio", "user_audio_chunk": "AAAA"}),
        json.dumps({"user_audio_chunk": "A"}),
        json.dumps({"type": "pong", "event_id": 99}),
        json.dumps({"type": "pong"}),
        json.dumps({"type": "response.create"}),
        json.dumps(RESULT),
    ],
)
async def test_a_message_that_is_none_of_the_protocol(server, message):
    socket = await open_socket(server, agent(server))
    await socket.send(json.dumps(BEGIN))
    await socket.send(message)
    assert await closing(socket) == (1008, "invalid_message")


@pytest.mark.parametrize(
    ("ways", "kind"),
    [({"pong_within_s": 0.3}, "websocket_disconnect"), ({"no_audio_s": 0.3}, "transport_receive_timeout")],
)
async def test_a_client_that_falls_silent(server, ways, kind):
    for name, value in ways.items():
        setattr(server.convai.ways, name, value)
    socket = await open_socket(server, agent(server))
    await socket.send(json.dumps(BEGIN))
    assert await closing(socket) == (1002, kind)


async def test_a_private_agent_wants_a_signature_and_its_own(server):
    private = server.convai.add_agent({"platform_settings": {"auth": {"enable_auth": True}}})
    for query in ({}, {"conversation_signature": "forged"}):
        assert (await closing(await open_socket(server, private, **query)))[0] == 1008
    assert (await closing(await open_socket(server, "agent_none")))[0] == 1008


async def test_the_vendors_sdk_is_refused_over_rest(server):
    async with httpx.AsyncClient() as client:

        def vendor(api_key: str) -> Any:
            sdk = AsyncElevenLabs(api_key=api_key, base_url=server.base_url, httpx_client=client)
            return sdk.conversational_ai

        known, agent_id = vendor(server.api_key), agent(server)
        custom = {"llm": "custom-llm", "custom_llm": {"url": "https://x", "api_key": {"secret_id": "none"}}}
        nobody = {"agent": {"prompt": {"tool_ids": ["tool_none"]}}}
        unknown = {"type": "client", "name": "look up", "description": "A name with a space."}
        refusals = [
            (401, vendor("wrong").conversations.get_signed_url(agent_id=agent_id)),
            (404, known.agents.get("agent_none")),
            (404, known.tools.get("tool_none")),
            (404, known.agents.update(agent_id, conversation_config=nobody)),
            (404, known.agents.update(agent_id, conversation_config={"agent": {"prompt": custom}})),
            (422, known.agents.create(conversation_config=_config({"turn": {"turn_timeout": 99}}))),
            (
                422,
                known.agents.create(conversation_config=_config(UNSERVED)),
            ),
            (422, known.tools.create(request=ToolRequestModel.model_construct(tool_config=unknown))),
        ]
        for status, asked in refusals:
            with pytest.raises(ApiError) as refused:
                await asked
            assert refused.value.status_code == status, refused.value.body


def _config(given: dict[str, Any]) -> ConversationalConfig:
    return ConversationalConfig.model_validate(given)

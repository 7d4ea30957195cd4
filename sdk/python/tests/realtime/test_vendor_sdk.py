"""The simulated Realtime server, asked by the vendor's own client: what it says, that client understands."""

import asyncio
import base64

import pytest
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeErrorEvent
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from patter.audio.frames import silence
from patter.simulators.openai.script import tool, use_tools
from patter.simulators.sound import tone

pytestmark = pytest.mark.real_time  # the vendor's client counts the seconds of a session itself

SESSION = {
    "type": "realtime",
    "instructions": "Be brief.",
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-transcribe"},
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
        },
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin"},
    },
}


@pytest.fixture
async def client(server):
    async with AsyncOpenAI(api_key=server.api_key, base_url=server.base_url) as client:
        yield client


async def until(connection, type_name):
    """Every event up to the first of this type."""
    seen = []
    async with asyncio.timeout(10):
        while not seen or seen[-1].type != type_name:
            seen.append(await connection.recv())
    return seen


async def say(connection, sound):
    for at in range(0, len(sound), 1600):
        audio = base64.b64encode(sound[at : at + 1600]).decode()
        await connection.input_audio_buffer.append(audio=audio)


async def test_a_spoken_turn_from_voice_to_usage(server, client):
    server.answer = lambda question: f"You said {question.last_said}."
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        await connection.session.update(session=SESSION)
        [*_, updated] = await until(connection, "session.updated")
        assert updated.session.audio.output.voice == "marin"
        await say(connection, silence(200) + tone(600) + silence(600))
        seen = await until(connection, "response.done")
    types = [event.type for event in seen]
    order = ["speech_started", "speech_stopped", "committed"]
    assert [name for name in types if name.startswith("input_audio_buffer")] == [
        f"input_audio_buffer.{name}" for name in order
    ]
    sound = b"".join(
        base64.b64decode(event.delta) for event in seen if event.type == "response.output_audio.delta"
    )
    assert sound == tone(65 * len("You said Hello."))
    done = seen[-1].response
    assert (done.status, done.output[0].content[0].transcript) == ("completed", "You said Hello.")
    assert done.usage.output_token_details.audio_tokens > 0


async def test_a_tool_call_and_its_result(server, client):
    server.answer = use_tools(tool("hours"), then="Open {results}.")
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        tools = [{"type": "function", "name": "hours", "parameters": {"type": "object"}}]
        await connection.session.update(session={**SESSION, "tools": tools})
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "When?"}]}
        await connection.conversation.item.create(item=item)
        await connection.response.create()
        call = (await until(connection, "response.done"))[-1].response.output[0]
        assert (call.type, call.name) == ("function_call", "hours")
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "at nine"}
        await connection.conversation.item.create(item=result)
        await connection.response.create()
        [*_, done] = await until(connection, "response.done")
    assert done.response.output[0].content[0].transcript == "Open at nine."


async def refused(connection, message) -> RealtimeErrorEvent:
    await connection.send(message)
    return (await until(connection, "error"))[-1].error


async def test_what_the_real_server_refuses_is_refused(server, client):
    async with client.realtime.connect(model="gpt-realtime-2.1") as connection:
        flat = {"type": "session.update", "event_id": "e1", "session": {"type": "realtime", "voice": "marin"}}
        error = await refused(connection, flat)
        assert (error.code, error.param, error.event_id) == ("unknown_parameter", "session.voice", "e1")
        error = await refused(connection, {"type": "session.update", "session": {"instructions": "x"}})
        assert error.param == "session.type"
        assert (await refused(connection, {"type": "response.cancel"})).code == "response_cancel_not_active"
        commit = {"type": "input_audio_buffer.commit"}
        assert (await refused(connection, commit)).code == "input_audio_buffer_commit_empty"
        assert (await refused(connection, {"type": "speak"})).code == "invalid_value"
        server.realtime.speed = 1.0
        await connection.session.update(session=SESSION)
        await connection.response.create()
        await until(connection, "response.output_audio.delta")
        error = await refused(connection, {"type": "response.create"})
        assert error.code == "conversation_already_has_active_response"
        await connection.response.cancel()
        [*_, done] = await until(connection, "response.done")
        assert (done.response.status, done.response.status_details.reason) == (
            "cancelled",
            "client_cancelled",
        )
        item = done.response.output[0].id
        truncate = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0}
        error = await refused(connection, {**truncate, "audio_end_ms": 99_000})
        assert "is already shorter than 99000ms" in error.message
        error = await refused(connection, {"type": "session.update", "session": SESSION})
        assert error.code == "cannot_update_voice"


async def test_who_is_let_in(server, client):
    wrong = AsyncOpenAI(api_key="wrong", base_url=server.base_url)
    for someone, model, status in ((wrong, "gpt-realtime-2.1", 401), (client, "gpt-9", 404)):
        with pytest.raises(InvalidStatus) as refusal:
            async with someone.realtime.connect(model=model):
                pass
        assert refusal.value.response.status_code == status
    await wrong.close()
    beta = {"OpenAI-Beta": "realtime=v1"}
    async with client.realtime.connect(model="gpt-realtime-2.1", extra_headers=beta) as connection:
        with pytest.raises(ConnectionClosedError) as closed:
            await connection.recv()
    assert (closed.value.rcvd.code, "beta_api_shape_disabled" in closed.value.rcvd.reason) == (4000, True)

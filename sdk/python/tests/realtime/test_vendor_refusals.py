"""What the real server refuses, the simulated one refuses with the same words, and the session stays open."""

import asyncio
import base64

import pytest
from openai import AsyncOpenAI

from patter.simulators.openai.realtime.shapes import MOST_APPENDED, RealtimeError, read_audio


def session(**more):
    return {"type": "session.update", "session": {"type": "realtime", **more}}


def given(**more):
    return session(audio={"input": more})


def made(**more):
    return session(audio={"output": more})


def item(**more):
    return {"type": "conversation.item.create", "item": more}


def said(role, **part):
    return item(type="message", role=role, content=[part])


def response(**more):
    return {"type": "response.create", "response": more}


NESTED = [{"type": "function", "function": {"name": "hours"}}]
IN, OUT = "session.audio.input", "session.audio.output"
BETA = {
    "session.voice": session(voice="alloy"),
    "session.modalities": session(modalities=["audio", "text"]),
    "session.input_audio_format": session(input_audio_format="g711_ulaw"),
    "session.turn_detection": session(turn_detection={"type": "server_vad"}),
    "session.input_audio_transcription": session(input_audio_transcription={"model": "whisper-1"}),
    "session.temperature": session(temperature=0.7),
    "session.tools[0].function": session(tools=NESTED),
    "response.modalities": response(modalities=["audio"]),
    "item.content[0].type": said("assistant", type="text", text="Hello."),
}
WRONG = {
    "session": {"type": "session.update", "session": []},
    "session.output_modalities": session(output_modalities=["audio", "text"]),
    "session.instructions": session(instructions=3),
    "session.tools": session(tools={}),
    "session.max_output_tokens": session(max_output_tokens=0),
    "session.reasoning.effort": session(reasoning={"effort": "much"}),
    f"{IN}.format": given(format="audio/pcmu"),
    f"{IN}.format.rate": given(format={"type": "audio/pcm", "rate": 16_000}),
    f"{IN}.noise_reduction.type": given(noise_reduction={"type": "loud"}),
    f"{IN}.turn_detection.type": given(turn_detection={"type": "vad"}),
    f"{IN}.turn_detection.threshold": given(turn_detection={"type": "server_vad", "threshold": 2}),
    f"{IN}.turn_detection.silence_duration_ms": given(
        turn_detection={"type": "server_vad", "silence_duration_ms": 0.5}
    ),
    f"{IN}.turn_detection.eagerness": given(turn_detection={"type": "semantic_vad", "eagerness": "very"}),
    f"{IN}.turn_detection.create_response": given(
        turn_detection={"type": "semantic_vad", "create_response": "yes"}
    ),
    f"{IN}.transcription.keywords": given(transcription={"model": "whisper-1", "keywords": ["Acme"]}),
    f"{IN}.transcription.delay": given(transcription={"model": "gpt-transcribe", "delay": "low"}),
    f"{OUT}.voice": made(voice="rachel"),
    f"{OUT}.speed": made(speed=2),
    "response.conversation": response(conversation="other"),
    "response.metadata": response(metadata={"tag": 1}),
    "response.output_modalities": response(output_modalities=["audio", "text"]),
    "response.instructions": response(instructions=[]),
    "item.type": item(type="note"),
    "item.role": said("agent", type="input_text", text="Hello."),
    "item.output": item(type="function_call_output", call_id="c1", output={"open": "nine"}),
    "audio": {"type": "input_audio_buffer.append", "audio": "!"},
}
UNKNOWN = {
    "session.audio.volume": session(audio={"volume": 1}),
    f"{IN}.turn_detection.threshold": given(turn_detection={"type": "semantic_vad", "threshold": 0.5}),
    f"{IN}.turn_detection.eagerness": given(turn_detection={"type": "server_vad", "eagerness": "low"}),
    f"{IN}.format.rate": given(format={"type": "audio/pcmu", "rate": 8000}),
    "volume": {"type": "input_audio_buffer.commit", "volume": 1},
}
MISSING = {
    "session.type": {"type": "session.update", "session": {"instructions": "x"}},
    "item.content": item(type="message", role="user", content=[]),
    "item.content[0].text": said("assistant", type="output_audio", transcript="Hello."),
    "item.call_id": item(type="function_call_output", output="nine"),
    "audio_end_ms": {"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0},
}
CASES = [
    *((message, "unknown_parameter", param) for param, message in UNKNOWN.items()),
    *((message, "invalid_value", param) for param, message in WRONG.items()),
    *((message, "missing_required_parameter", param) for param, message in MISSING.items()),
    *(
        (message, "invalid_value" if param.startswith("item") else "unknown_parameter", param)
        for param, message in BETA.items()
    ),
]


async def test_each_refusal_names_what_is_wrong_and_the_session_stays_open(server):
    async with (
        AsyncOpenAI(api_key=server.api_key, base_url=server.base_url) as client,
        client.realtime.connect(model="gpt-realtime-2.1") as connection,
        asyncio.timeout(20),
    ):
        assert (await connection.recv()).type == "session.created"
        for message, code, param in CASES:
            await connection.send({**message, "event_id": "mine"})
            event = await connection.recv()
            assert event.type == "error", message
            refused = (event.error.code, event.error.param, event.error.event_id)
            assert refused == (code, param, "mine"), message
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        assert (await connection.recv()).session.instructions == "Be brief."


async def test_only_models_that_reason_take_an_effort(server):
    async with (
        AsyncOpenAI(api_key=server.api_key, base_url=server.base_url) as client,
        client.realtime.connect(model="gpt-realtime-1.5") as connection,
        asyncio.timeout(20),
    ):
        await connection.recv()
        for name, value in (("reasoning", {"effort": "low"}), ("parallel_tool_calls", True)):
            await connection.send(session(**{name: value}))
            error = (await connection.recv()).error
            assert (error.code, error.param) == ("unsupported_parameter", f"session.{name}")


def test_a_piece_of_audio_has_a_limit():
    assert read_audio(base64.b64encode(b"\xff" * 160).decode()) == b"\xff" * 160
    with pytest.raises(RealtimeError, match="at most 15 MiB"):
        read_audio("A" * (MOST_APPENDED + 4))

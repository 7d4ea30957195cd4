"""ElevenLabs' own SDK works against the simulator as it does against ElevenLabs.

It has no client for ``multi-stream-input``, and its client for the socket with a single stream insists
on TLS. Of that socket only its types can be tried: they read what our simulator writes.
"""

import json

import httpx
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import (
    AudioOutputMulti,
    CloseContext,
    FinalOutputMulti,
    InitializeConnectionMulti,
    KeepContextAlive,
    SendTextMulti,
    VoiceSettings,
)
from websockets.asyncio.client import connect

from patter.engines.catalogue.elevenlabs import DEFAULT_VOICE
from patter.engines.tts.elevenlabs.settings import settings_of
from patter.engines.tts.elevenlabs.wire import address, close_context, keep_alive, open_context, speak
from patter.simulators.elevenlabs import Fault

ASKED = {"text": "Good morning.", "model_id": "eleven_flash_v2_5", "output_format": "ulaw_8000"}
ONCE = {"chunk_size": 160, "max_retries": 0}


@pytest.fixture
async def vendor(server):
    async with httpx.AsyncClient() as client:
        yield AsyncElevenLabs(api_key=server.api_key, base_url=server.base_url, httpx_client=client)


async def spoken(vendor, voice=DEFAULT_VOICE, **more):
    stream = vendor.text_to_speech.stream(voice, **{**ASKED, **more}, request_options=ONCE)
    return b"".join([piece async for piece in stream])


async def test_speech_streamed(server, vendor):
    settings = VoiceSettings(stability=0.4, similarity_boost=0.8, speed=1.0)
    assert len(await spoken(vendor, voice_settings=settings, language_code="en")) == 13 * 65 * 8
    assert server.spoken == ["Good morning."]


async def test_what_there_is(vendor):
    voices = await vendor.voices.get_all()
    assert [voice.voice_id for voice in voices.voices] == [DEFAULT_VOICE]
    assert "eleven_flash_v2_5" in [model.model_id for model in await vendor.models.list()]


@pytest.mark.parametrize(
    ("fault", "status", "word"),
    [
        (Fault(status=401), 401, "invalid_api_key"),
        (Fault(status=401, code="quota_exceeded"), 401, "quota_exceeded"),
        (Fault(status=429), 429, "too_many_concurrent_requests"),
        (Fault(status=429, code="system_busy"), 429, "system_busy"),
        (Fault(status=500), 500, "internal_server_error"),
    ],
)
async def test_refusals_as_the_sdk_shows_them(server, vendor, fault, status, word):
    server.faults.add("stream", fault)
    with pytest.raises(ApiError) as refused:
        await spoken(vendor)
    assert (refused.value.status_code, refused.value.body["detail"]["status"]) == (status, word)


@pytest.mark.parametrize(
    "more",
    [
        {"voice": "nobody"},
        {"model_id": "eleven_v3"},
        {"model_id": "eleven_multilingual_v2", "language_code": "de"},
        {"text": " "},
        {"voice_settings": VoiceSettings(speed=3)},
    ],
)
async def test_what_elevenlabs_refuses_is_refused(vendor, more):
    with pytest.raises(ApiError):
        await spoken(vendor, **more)


async def test_the_messages_of_the_socket_are_those_of_the_sdks_types(server, spec):
    settings = settings_of(spec(options={"stability": 0.4}))
    headers = {"xi-api-key": server.api_key}
    async with connect(address(server.base_url, settings), additional_headers=headers, proxy=None) as socket:
        sent = [open_context("c1", settings), keep_alive("c1"), speak("c1", "Yes."), close_context("c1")]
        kinds = [InitializeConnectionMulti, KeepContextAlive, SendTextMulti, CloseContext]
        for kind, message in zip(kinds, sent, strict=True):
            read = kind.model_validate_json(message).model_dump(exclude_none=True)
            assert {name: value for name, value in read.items() if name in json.loads(message)} == json.loads(
                message
            )
            await socket.send(message)
        audio = []
        while "isFinal" not in (message := json.loads(await socket.recv())):
            audio.append(AudioOutputMulti.model_validate(message))
    final = FinalOutputMulti.model_validate(message)
    assert (final.is_final, final.context_id) == (True, "c1")
    assert all(message.context_id == "c1" and message.audio for message in audio)
    assert all(len(m.alignment.chars) == len(m.alignment.char_start_times_ms) for m in audio)
    assert "".join(char for m in audio for char in m.alignment.chars) == "Yes. "

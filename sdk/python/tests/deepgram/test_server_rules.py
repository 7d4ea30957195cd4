"""What the simulated server refuses, as Deepgram does."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from patter.audio.frames import silence
from patter.simulators.deepgram import DeepgramServer

AUDIO = "encoding=mulaw&sample_rate=8000"
LISTEN = f"/v1/listen?model=nova-3&{AUDIO}&interim_results=true"
FLUX = f"/v2/listen?model=flux-general-en&{AUDIO}"
SPEAK = f"/v1/speak?model=aura-2-thalia-en&{AUDIO}"


def opened(server, path, key=None):
    headers = {"Authorization": f"Token {key or server.api_key}"}
    return connect(server.base_url.replace("http", "ws") + path, additional_headers=headers, proxy=None)


async def refusal(server, path, key=None):
    with pytest.raises(InvalidStatus) as refused:
        async with opened(server, path, key):
            pass
    response = refused.value.response
    assert response.headers["dg-request-id"]
    return response.status_code, response.headers["dg-error"]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (f"/v1/listen?{AUDIO}", "model"),
        (f"/v1/listen?model=nova-3&{AUDIO}&interim_result=true", "interim_result"),
        (f"/v1/listen?model=nova-3&{AUDIO}&vad_events=True", "vad_events"),
        (f"/v1/listen?model=nova-3&{AUDIO}&utterance_end_ms=1000", "interim_results"),
        (f"{LISTEN}&utterance_end_ms=500", "utterance_end_ms"),
        (f"/v1/listen?model=nova-2&{AUDIO}&keyterm=a", "keyterm"),
        (f"{LISTEN}&keywords=a:2", "keywords"),
        (f"{LISTEN}&model=nova-2", "duplicate"),
        ("/v1/listen?model=nova-3&encoding=mulaw", "sample_rate"),
        ("/v1/listen?model=nova-3&encoding=mulaw&sample_rate=16000", "8000"),
        (f"{FLUX}&interim_results=true", "interim_results"),
        (f"{FLUX}&eot_threshold=0.2", "eot_threshold"),
        (f"/v2/listen?model=nova-3&{AUDIO}", "model"),
        (f"{SPEAK}&container=none", "container"),
    ],
)
async def test_wrong_parameters(server, path, word):
    status, reason = await refusal(server, path)
    assert status == 400
    assert word in reason


async def test_wrong_key_and_wrong_address(server):
    assert await refusal(server, LISTEN, "wrong") == (401, "Invalid credentials.")
    assert (await refusal(server, "/v3/listen"))[0] == 404


async def test_too_many_connections():
    async with DeepgramServer(most_connections=1) as server, opened(server, LISTEN):
        assert (await refusal(server, LISTEN))[0] == 429


async def closing(socket):
    with pytest.raises(ConnectionClosed) as over:
        async with asyncio.timeout(5):
            while True:
                await socket.recv()
    assert over.value.rcvd is not None
    return over.value.rcvd.code, over.value.rcvd.reason


async def test_keeping_alive_needs_audio_first(server):
    async with opened(server, LISTEN) as socket:
        for _ in range(2):
            await socket.send('{"type":"KeepAlive"}')
            await asyncio.sleep(0.2)
        code, reason = await closing(socket)
        assert code == 1011
        assert reason.startswith("NET-0001")


async def test_keeping_alive_after_audio(server):
    async with opened(server, LISTEN) as socket:
        await socket.send(silence(20))
        for _ in range(5):
            await asyncio.sleep(0.2)
            await socket.send('{"type":"KeepAlive"}')
        assert server.open_sessions
        await socket.send('{"type":"CloseStream"}')
        assert (await closing(socket))[0] == 1000


@pytest.mark.parametrize("payload", [b"RIFF\x00\x00\x00\x00WAVE", b'{"type":"KeepAlive"}', "nonsense", "[]"])
async def test_what_is_not_audio(server, payload):
    async with opened(server, LISTEN) as socket:
        await socket.send(payload)
        code, reason = await closing(socket)
        assert code == 1008
        assert reason.startswith("DATA-0000")


async def test_an_empty_message_ends_the_stream(server):
    async with opened(server, LISTEN) as socket:
        await socket.send(b"")
        assert (await closing(socket))[0] == 1000


async def test_flux_has_no_keep_alive(server):
    async with opened(server, FLUX) as socket:
        assert json.loads(await socket.recv())["type"] == "Connected"
        await socket.send('{"type":"KeepAlive"}')
        assert json.loads(await socket.recv())["type"] == "Error"


async def test_too_long_a_text(server):
    async with opened(server, SPEAK) as socket:
        await socket.send(json.dumps({"type": "Speak", "text": "x" * 2001}))
        code, reason = await closing(socket)
        assert code == 1008
        assert reason.startswith("DATA-0001")


async def test_audio_for_a_voice(server):
    async with opened(server, SPEAK) as socket:
        await socket.send(silence(20))
        assert (await closing(socket))[0] == 1003


async def test_too_many_flushes(server):
    async with opened(server, SPEAK) as socket:
        for _ in range(21):
            await socket.send('{"type":"Flush"}')
        kinds = [json.loads(await socket.recv())["type"] for _ in range(22)]
        assert kinds.count("Flushed") == 20
        assert kinds.count("Warning") == 1

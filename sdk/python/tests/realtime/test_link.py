"""The socket itself, against a server that says what the test says."""

import asyncio
import base64
import json

from websockets.asyncio.server import ServerConnection, serve

from patter.bridge.events import SpeechClosed, SpeechMessage
from patter.bridge.plan import ProviderSpec
from patter.engines.realtime.link import RealtimeLink
from patter.engines.realtime.wire import AudioDelta, SessionUpdated

SOUND = b"\x90" * 8000 * 200


async def told(*messages):
    """What comes of these messages, up to the end of the socket."""

    async def say(socket: ServerConnection) -> None:
        for message in messages:
            await socket.send(message)

    events = []
    async with serve(say, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        spec = ProviderSpec("openai", api_key="k", base_url=f"http://127.0.0.1:{port}/v1")
        async with asyncio.timeout(10):
            await RealtimeLink(spec).run("s1", events.append)
    return events


async def test_much_sound_may_come_in_one_message():
    delta = {"response_id": "r1", "item_id": "a1", "delta": base64.b64encode(SOUND).decode()}
    _, message, closed = await told(json.dumps({"type": "response.output_audio.delta", **delta}))
    assert message == SpeechMessage("s1", AudioDelta("r1", "a1", SOUND))
    assert closed == SpeechClosed("s1", 1000, "")


async def test_messages_may_come_as_bytes_and_what_is_unknown_is_passed_over():
    odd = [b"\xff\xfe", "{", "", '{"type":"response.cancelled"}', b'{"type":"session.updated"}']
    _, message, closed = await told(*odd)
    assert message == SpeechMessage("s1", SessionUpdated())
    assert isinstance(closed, SpeechClosed)

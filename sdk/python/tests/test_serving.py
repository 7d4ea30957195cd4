"""The server of local mode, and of the simulators."""

import asyncio
import socket

import httpx
import pytest

from patter.serving import LOOPBACK, AsgiServer


async def test_small_frames_are_sent_at_once():
    """Else a frame of audio waits for the carrier to acknowledge the one before: up to 40 ms, each time."""
    seen: list[int] = []

    async def app(scope, receive, send):
        [transport] = [t for t in _transports() if t.get_extra_info("peername")[1] == scope["client"][1]]
        seen.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    server = AsgiServer(app, LOOPBACK, 0)
    await server.start()
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(server.base_url)).status_code == 204
    await server.stop()
    assert seen and all(seen)


def _transports() -> list[asyncio.Transport]:
    return [t for t in asyncio.get_running_loop()._transports.values() if t.get_extra_info("peername")]


async def test_a_port_that_is_taken_is_named():
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f"in use: {LOOPBACK}, port {port}"):
            await AsgiServer(lambda *_: None, LOOPBACK, port).start()

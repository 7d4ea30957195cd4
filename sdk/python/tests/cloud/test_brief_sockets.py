"""A platform that greets and is gone in the same moment, as one that starts, stops or is overrun."""

from __future__ import annotations

import asyncio

import pytest

from patter import Patter
from patter.cloud import socket as client

from .server import KEY, platform


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.05)


async def test_sockets_that_end_in_their_greeting_do_not_end_the_connection():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(lambda message: f"You said: {message.text}")
        served.brief = 4
        await served.drop()
        await served.connections(6)
        assert (await served.hears("resume"))["connection_id"] == "con_0"
        await served.ask("t1")
        assert (await served.hears("response"))["text"] == "You said: hello"
        await phone.disconnect()


async def test_a_platform_that_closes_every_socket_at_once_is_asked_more_and_more_slowly():
    loop = asyncio.get_running_loop()
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        served.brief = 6
        await phone.connect(lambda message: None)
        at = []
        for count in range(1, 7):
            await served.connections(count)
            at.append(loop.time())
        assert all(later - before > 0.02 for before, later in zip(at[2:], at[3:], strict=False))
        await phone.disconnect()

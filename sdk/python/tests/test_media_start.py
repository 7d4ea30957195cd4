"""A media socket before its stream has begun."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from patter.carriers.kinds import STREAM_KINDS
from patter.carriers.media import MediaSocket

TWILIO = STREAM_KINDS["twilio"]


async def nothing(_message: dict[str, Any]) -> None: ...


async def test_a_start_that_comes_in_the_moment_of_a_cancellation_does_not_undo_it():
    coming: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def receive() -> dict[str, Any]:
        return await coming

    socket = MediaSocket(TWILIO, TWILIO.wire({}), receive, nothing)
    waiting = asyncio.create_task(socket.wait_for_start(5))
    await asyncio.sleep(0)
    coming.set_result({"type": "websocket.disconnect"})
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_stream_that_never_begins_is_not_waited_for():
    async def receive() -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()

    with pytest.raises(TimeoutError):
        await MediaSocket(TWILIO, TWILIO.wire({}), receive, nothing).wait_for_start(0.01)

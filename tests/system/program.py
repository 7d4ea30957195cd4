"""A program of the customer's, at the other end of the SDK's socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import connect

from tests.system.tenant import Tenant


@contextlib.asynccontextmanager
async def program(tenant: Tenant) -> AsyncIterator[list[dict[str, Any]]]:
    """A program of the customer's, which replies over the SDK's socket. Gives the frames that it got."""
    frames: list[dict[str, Any]] = []
    headers = {"X-API-Key": tenant.http.headers["X-API-Key"], "X-Patter-Protocol": "2"}
    base = tenant.platform.base.replace("http", "ws", 1)

    async def reply(socket: Any) -> None:
        async for text in socket:
            frame = json.loads(text)
            frames.append(frame)
            if frame["type"] == "message":
                answer = {"call_id": frame["call_id"], "turn_id": frame["turn_id"]}
                await socket.send(json.dumps({"type": "received", **answer}))
                said = f"You said {frame['text']}."
                await socket.send(json.dumps({"type": "response", "text": said, **answer}))

    async with connect(f"{base}/ws/sdk", additional_headers=headers, proxy=None) as socket:
        task = asyncio.create_task(reply(socket))
        try:
            yield frames
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

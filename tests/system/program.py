"""A program of the customer's, at the other end of the SDK's socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import connect

from tests.system.tenant import Tenant

Frame = dict[str, Any]


def _you_said(message: Frame) -> list[Frame]:
    turn = {"turn_id": message["turn_id"]}
    said = f"You said {message['text']}."
    return [{"type": "received", **turn}, {"type": "response", "text": said, **turn}]


@contextlib.asynccontextmanager
async def program(
    tenant: Tenant, answers: Callable[[Frame], list[Frame]] = _you_said
) -> AsyncIterator[list[Frame]]:
    """A program of the customer's, which replies over the SDK's socket. Gives the frames that it got.

    ``answers`` gives the frames that follow a ``message``, without the call's id.
    """
    frames: list[Frame] = []
    headers = {"X-API-Key": tenant.http.headers["X-API-Key"], "X-Patter-Protocol": "2"}
    base = tenant.platform.base.replace("http", "ws", 1)

    async def reply(socket: Any) -> None:
        async for text in socket:
            frame = json.loads(text)
            frames.append(frame)
            if frame["type"] == "message":
                for answer in answers(frame):
                    await socket.send(json.dumps({"call_id": frame["call_id"], **answer}))

    async with connect(f"{base}/ws/sdk", additional_headers=headers, proxy=None) as socket:
        task = asyncio.create_task(reply(socket))
        try:
            yield frames
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

"""An ASGI extension that a server may have: messages by a call instead of a queue.

A media socket gets fifty messages a second. A queue, and a task that wakes up for each, cost more than
what is done with the message. Where the server has it, ``scope["extensions"][DIRECT]`` is a ``Deliver``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

DIRECT = "patter.direct"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Deliver = Callable[[Callable[[Message], None]], Awaitable[Message]]
"""Gives every ``websocket.receive`` to a function, at once and in order, until the socket closes.

Returns the ``websocket.disconnect``. Raises what the function raised; it is not called again after that.
"""


async def deliver(scope: Mapping[str, Any], receive: Receive, take: Callable[[Message], None]) -> Message:
    """``Deliver``, in the way that the server offers."""
    direct: Deliver | None = (scope.get("extensions") or {}).get(DIRECT)
    if direct is not None:
        return await direct(take)
    while (message := await receive())["type"] != "websocket.disconnect":
        take(message)
    return message

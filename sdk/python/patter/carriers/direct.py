"""ASGI extensions that a server may have: messages by a call instead of a queue, and out without a task.

A media socket gets fifty messages a second. A queue, and a task that wakes up for each, cost more than
what is done with the message. Where the server has them, ``scope["extensions"][DIRECT]`` is a ``Deliver``
and ``[DIRECT_WRITE]`` a ``Write``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

DIRECT = "patter.direct"
DIRECT_WRITE = "patter.direct.write"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Deliver = Callable[[Callable[[Message], None]], Awaitable[Message]]
"""Gives every ``websocket.receive`` to a function, at once and in order, until the socket closes.

Returns the ``websocket.disconnect``. Raises what the function raised; it is not called again after that.
"""

Write = Callable[[Sequence[str]], bool]
"""Writes each text as a message, at once and together: a question to the system costs more than a frame.

False: not now, or never more; ``send`` knows, and nothing was written. Not to be mixed with a ``send`` that
still waits."""


def writer(scope: Mapping[str, Any]) -> Write:
    """``Write``, or what refuses always where the server has none."""
    return (scope.get("extensions") or {}).get(DIRECT_WRITE) or _refuse


def _refuse(texts: Sequence[str]) -> bool:
    return False


async def deliver(scope: Mapping[str, Any], receive: Receive, take: Callable[[Message], None]) -> Message:
    """``Deliver``, in the way that the server offers."""
    direct: Deliver | None = (scope.get("extensions") or {}).get(DIRECT)
    if direct is not None:
        return await direct(take)
    while (message := await receive())["type"] != "websocket.disconnect":
        take(message)
    return message

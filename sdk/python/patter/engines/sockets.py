"""Opening a provider's WebSocket within a deadline, and saying in its own words why it failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Response
from websockets.protocol import State

from patter.errors import EngineError

CLOSE_TIMEOUT_S = 1.0
PING_INTERVAL_S = 20.0
MAX_REASON_CHARACTERS = 300
MOST_MESSAGE_BYTES = 1_048_576
MOST_BUFFERED = 16_000
"""Bytes that may wait in the transport: two seconds. Beyond, audio waits with us, where it is bounded."""

# The library writes whole requests to its debug log, and with them the key.
_LOGGER = logging.getLogger(__name__)
_LOGGER.setLevel(logging.WARNING)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Asking again changes nothing: key, address or request are wrong, or the account has no money.
_PERMANENT_STATUSES = frozenset({400, 401, 402, 403, 404, 405, 422})


async def open_socket(
    provider: str,
    url: str,
    headers: Mapping[str, str],
    *,
    deadline_s: float,
    error_header: str = "",
    most_bytes: int = MOST_MESSAGE_BYTES,
) -> ClientConnection:
    """A connected socket. Raises EngineError.

    Args:
        error_header: where the provider says why it refused.
        most_bytes: the longest message that is taken; a longer one ends the socket.
    """
    try:
        return await connect(
            url,
            additional_headers=dict(headers),
            user_agent_header="patter",
            compression=None,
            proxy=None if urlsplit(url).hostname in _LOOPBACK else True,
            open_timeout=deadline_s,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            max_size=most_bytes,
            logger=_LOGGER,
        )
    except InvalidStatus as error:
        raise _refused(provider, error.response, error_header) from None
    except TimeoutError:
        raise EngineError(provider, f"no connection in {deadline_s:g} s", permanent=False) from None
    except InvalidURI:
        raise EngineError(provider, "the base URL is not an address", permanent=True) from None
    except (OSError, EOFError, InvalidHandshake) as error:
        raise EngineError(provider, f"no connection: {error}", permanent=False) from None


def send_now(socket: ClientConnection, payload: bytes | str) -> bool:
    """Send bytes or a text without waiting and without a task, which is what most of a frame's cost would be.

    False: the other side does not read fast enough, or is gone; nothing was sent.
    """
    if socket.state is not State.OPEN or socket.transport.get_write_buffer_size() > MOST_BUFFERED:
        return False
    if isinstance(payload, str):
        socket.protocol.send_text(payload.encode())
    else:
        socket.protocol.send_binary(payload)
    socket.send_data()
    return True


async def close_socket(socket: ClientConnection, farewell: str | None = None) -> None:
    """Say goodbye and close; harmless when the other side is gone. Takes at most about a second.

    Nothing is awaited before both frames are written, so a second cancellation does not lose them.
    """
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            if farewell is not None:
                await socket.send(farewell)
            await socket.close()
    except (ConnectionClosed, TimeoutError):
        socket.transport.abort()
    except asyncio.CancelledError:
        socket.transport.abort()
        raise


def closed(error: ConnectionClosed) -> tuple[int, str]:
    """The other side's close code and reason; 1006 without a close frame."""
    frame = error.rcvd
    return (frame.code, frame.reason) if frame is not None else (1006, "")


def _refused(provider: str, response: Response, error_header: str) -> EngineError:
    status = response.status_code
    said = response.headers.get(error_header) if error_header else None
    reason = said or response.body.decode("utf-8", "replace").strip() or response.reason_phrase
    message = f"HTTP {status}: {reason[:MAX_REASON_CHARACTERS]}"
    return EngineError(provider, message, permanent=status in _PERMANENT_STATUSES, code=str(status))

"""Opening a provider's WebSocket within a deadline, and saying in its own words why it failed."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import apply_mask
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from patter.engines.refusal import without_keys
from patter.errors import EngineError
from patter.tools.guard import AddressRefused, HostUnknown, guard_for

CLOSE_TIMEOUT_S = 1.0
PING_INTERVAL_S = 20.0
MAX_REASON_CHARACTERS = 300
MOST_MESSAGE_BYTES = 1_048_576
MOST_BUFFERED = 16_000
"""Bytes that may wait in the transport: two seconds. Beyond, audio waits with us, where it is bounded."""

LOGGER = logging.getLogger(__name__)
"""For every socket to a provider: the library writes whole requests to its debug log, and so the key."""
LOGGER.setLevel(logging.WARNING)

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
        async with asyncio.timeout(deadline_s):
            return await connect(
                url,
                additional_headers=dict(headers),
                user_agent_header="patter",
                compression=None,
                open_timeout=deadline_s,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=PING_INTERVAL_S,
                max_size=most_bytes,
                logger=LOGGER,
                **await way_to(url),
            )
    except AddressRefused as error:
        raise EngineError(provider, str(error), permanent=not isinstance(error, HostUnknown)) from None
    except ValueError:  # led elsewhere, from an address that was checked
        raise EngineError(provider, "the server redirects to another one", permanent=True) from None
    except InvalidStatus as error:
        raise _refused(provider, error.response, headers, error_header) from None
    except TimeoutError:
        raise EngineError(provider, f"no connection in {deadline_s:g} s", permanent=False) from None
    except InvalidURI:
        raise EngineError(provider, "the base URL is not an address", permanent=True) from None
    except (OSError, EOFError, InvalidHandshake) as error:
        raise EngineError(provider, f"no connection: {error}", permanent=False) from None


async def way_to(url: str) -> dict[str, Any]:
    """How to connect to this address, as options of ``connect``. Raises AddressRefused.

    To a server that a customer named: to an address of it that was checked, and past no proxy.
    """
    guard = guard_for(url)
    if guard is None:
        return {"proxy": None if urlsplit(url).hostname in _LOOPBACK else True}
    parsed = parse_uri(url)
    addresses = await guard.addresses(parsed.host, parsed.port)
    return {"proxy": None, "host": addresses[0], "port": parsed.port}


def send_now(socket: ClientConnection, payload: bytes | str) -> bool:
    """Send bytes or a text without waiting and without a task, which is what most of a frame's cost would be.

    False: the other side does not read fast enough, or is gone; nothing was sent.
    """
    if socket.state is not State.OPEN or socket.transport.get_write_buffer_size() > MOST_BUFFERED:
        return False
    frame = text_frame(payload) if isinstance(payload, str) else binary_frame(payload)
    socket.transport.write(frame)
    return True


def binary_frame(payload: bytes) -> bytes:
    """One client's frame, as the library writes it (RFC 6455, 5.2), at a quarter of the price."""
    return _frame(b"\x82", payload)


def text_frame(text: str | bytes) -> bytes:
    """The same for a text, which may be encoded already."""
    return _frame(b"\x81", text if isinstance(text, bytes) else text.encode())


def _frame(opcode: bytes, payload: bytes) -> bytes:
    size, mask = len(payload), _mask()
    if size < 126:
        head = bytes((0x80 | size,))
    elif size < 65_536:
        head = b"\xfe" + size.to_bytes(2, "big")
    else:
        head = b"\xff" + size.to_bytes(8, "big")
    return opcode + head + mask + apply_mask(payload, mask)


_masks: list[bytes] = []


def _mask() -> bytes:
    """A strong one, but a thousand for each question to the system."""
    try:
        return _masks.pop()
    except IndexError:
        pool = os.urandom(4096)
        _masks.extend(pool[at : at + 4] for at in range(0, len(pool), 4))
        return _masks.pop()


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


def _refused(provider: str, response: Response, headers: Mapping[str, str], error_header: str) -> EngineError:
    status = response.status_code
    said = response.headers.get(error_header) if error_header else None
    reason = said or response.body.decode("utf-8", "replace").strip() or response.reason_phrase
    message = f"HTTP {status}: {without_keys(reason, headers)[:MAX_REASON_CHARACTERS]}"
    return EngineError(provider, message, permanent=status in _PERMANENT_STATUSES, code=str(status))

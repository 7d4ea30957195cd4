"""HTTP to providers: one client per process and address, kept alive, and answers that stream.

How long to wait is the caller's business, by ``asyncio.timeout``: a call has deadlines from its first
word on, which the timeouts of single reads cannot express.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.request import getproxies
from weakref import WeakKeyDictionary

import httpx

from patter.engines import quick_http
from patter.engines.refusal import read_refusal, without_keys
from patter.errors import EngineError
from patter.quiet_client import QuietClient
from patter.tools.guard import AddressRefused, GuardedTransport, HostUnknown, guard_for
from patter.trust import trust

CONNECT_TIMEOUT_S = 2.0
KEPT_ALIVE = 50
KEPT_ALIVE_S = 120.0
MOST_ERROR_BYTES = 65_536

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, httpx.AsyncClient]] = WeakKeyDictionary()


def client_for(base_url: str) -> httpx.AsyncClient:
    """The shared client of an address. Keys go with each request: one process serves many accounts."""
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if (client := clients.get(base_url)) is None:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=KEPT_ALIVE, keepalive_expiry=KEPT_ALIVE_S
        )
        client = clients[base_url] = QuietClient(
            base_url=base_url,
            timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S),
            limits=limits,
            transport=_transport(base_url, limits),
            verify=trust(),
        )
    return client


def _transport(base_url: str, limits: httpx.Limits) -> httpx.AsyncBaseTransport | None:
    """What carries the requests to an address; None: httpx's own way, which knows proxies."""
    guard = guard_for(base_url)
    if guard is not None:
        return GuardedTransport(guard, limits=limits)
    if quick_http.is_there and not getproxies():
        return quick_http.QuickTransport(keep=KEPT_ALIVE, keep_s=KEPT_ALIVE_S)
    return None


async def close_clients() -> None:
    """Close what is kept open in this event loop, at the end of a process."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


async def open_answer(
    provider: str,
    base_url: str,
    make: Callable[[httpx.AsyncClient], httpx.Request],
    *,
    until: float,
) -> httpx.Response:
    """Send a request and return its answer, of which only the head was read; the caller closes it.

    Waits as ``Retry-After`` says where that ends before ``until`` (loop time). Raises EngineError.
    """
    client = client_for(base_url)
    loop = asyncio.get_running_loop()
    while True:
        response = await _send(provider, client, make)
        if response.status_code == 200:
            return response
        refusal = read_refusal(response.status_code, response.headers, await _error_body(response))
        wait_s = refusal.retry_after_s
        if refusal.permanent or wait_s is None or loop.time() + wait_s >= until:
            error = without_keys(refusal.error, response.request.headers)
            raise EngineError(provider, error, permanent=refusal.permanent, code=refusal.code)
        await asyncio.sleep(wait_s)


def broken(provider: str, error: Exception) -> EngineError:
    """A transport's failure in our words. The address itself may be what is wrong."""
    permanent = isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL)
    return EngineError(provider, f"{type(error).__name__}: {error}".rstrip(": "), permanent=permanent)


async def pieces_of(provider: str, response: httpx.Response) -> AsyncIterator[bytes]:
    """The body of an answer as it comes, in pieces of any size. Raises EngineError when it is cut."""
    try:
        async for piece in response.aiter_bytes():
            yield piece
    except httpx.HTTPError as error:
        raise broken(provider, error) from None


async def _send(
    provider: str, client: httpx.AsyncClient, make: Callable[[httpx.AsyncClient], httpx.Request]
) -> httpx.Response:
    for last in (False, True):
        try:
            return await client.send(make(client), stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            # A connection that was kept may have been closed from afar as we began to write.
            if last:
                raise broken(provider, error) from None
        except AddressRefused as error:
            raise EngineError(provider, str(error), permanent=not isinstance(error, HostUnknown)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise broken(provider, error) from None
    raise AssertionError("unreachable")


async def _error_body(response: httpx.Response) -> bytes:
    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > MOST_ERROR_BYTES:
                break
    except httpx.HTTPError:
        pass  # the status alone says enough
    finally:
        await response.aclose()
    return bytes(body)

"""Whether an address that a customer wrote may be called from here, decided at the moment of the call.

A name can point anywhere by then: to a service behind our own firewall, to a cloud's metadata, to loopback.
So the name is resolved, every one of its addresses is checked, and the connection goes to an address that
was checked: nobody resolves the name a second time. Redirects are never followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx

from patter.trust import trust

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to addresses, as text. Raises OSError."""

RESOLVE_WITHIN_S = 3.0
MOST_ADDRESSES = 8
KNOWN_S = 30.0
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
# Threads of its own: a name server that hangs must not take those that others wait for.
_resolving = ThreadPoolExecutor(4, thread_name_prefix="resolve")


class AddressRefused(ValueError):
    """This address may not be called. The text says why."""


class HostUnknown(AddressRefused):
    """No name server knows this host just now."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, in a thread, with a deadline. Raises OSError."""
    loop = asyncio.get_running_loop()
    asked = loop.run_in_executor(_resolving, _look_up, host, port)
    try:
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes with the result.
        async with asyncio.timeout(RESOLVE_WITHIN_S):
            return await asked
    except TimeoutError:
        raise OSError("the name was not resolved in time") from None


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class Guard:
    """Lets calls out to the public internet, and to the networks that it is told to allow.

    Args:
        allow: networks, as CIDR text, that may be called although they are private.
        resolver: how names become addresses.
    """

    def __init__(self, allow: Iterable[str] = (), resolver: Resolver = resolve) -> None:
        self._allow: list[Network] = [ipaddress.ip_network(text.strip(), strict=False) for text in allow]
        self._resolver = resolver

    def allows(self, address: Address) -> bool:
        """Whether this address may be called."""
        address = _plain(address)
        if any(address in network for network in self._allow if network.version == address.version):
            return True
        return address.is_global and not address.is_multicast

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them checked. Raises AddressRefused."""
        try:
            found = await self._resolver(host, port)
        except (OSError, UnicodeError):
            raise HostUnknown(f"The host {host} cannot be found.") from None
        parsed = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
        if not parsed:
            raise HostUnknown(f"The host {host} cannot be found.")
        if not all(self.allows(address) for address in parsed):
            raise AddressRefused("This address leads into a private network, which is not allowed here.")
        return [str(address) for address in parsed[:MOST_ADDRESSES]]

    def check_literal(self, host: str) -> None:
        """Refuse a host that is itself a private address; a name is left for later. Raises AddressRefused."""
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return
        if not self.allows(address):
            raise AddressRefused("This address leads into a private network, which is not allowed here.")


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP whose connections go only to addresses that the guard checked.

    One for each host: a connection is kept under its address, and must not be used for another name. What
    was checked counts for ``KNOWN_S``, so that a call does not wait for a name in every turn.
    """

    def __init__(self, guard: Guard, **options: Any) -> None:
        self._guard = guard
        own = {"verify": trust(from_environment=False), "trust_env": False}
        self._inner = httpx.AsyncHTTPTransport(**{**own, **options})
        self._known: dict[tuple[str, int], tuple[float, list[str]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.UnsupportedProtocol and AddressRefused beside what httpx itself raises."""
        url = request.url
        if url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol("Only http and https are called.", request=request)
        port = url.port or _DEFAULT_PORTS[url.scheme]
        addresses = await self._addresses(url.host, port)
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        failed: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in addresses:
            # The Host header was made from the name already, and the certificate is checked against it.
            request.url = url.copy_with(host=address)
            try:
                return await self._inner.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
            finally:
                request.url = url
        assert failed is not None
        raise failed

    async def _addresses(self, host: str, port: int) -> list[str]:
        now = asyncio.get_running_loop().time()
        until, addresses = self._known.get((host, port), (0.0, []))
        if until <= now:
            addresses = await self._guard.addresses(host, port)
            self._known[host, port] = (now + KNOWN_S, addresses)
        return addresses

    async def aclose(self) -> None:
        await self._inner.aclose()


# -- everything that a process calls for its customers --------------------------------------------


class Policy:
    """What a process guards: every address but those of the servers that whoever runs it has named."""

    def __init__(self, guard: Callable[[], Guard], trusted: Callable[[], Iterable[str]]) -> None:
        self._guard = guard
        self._trusted = trusted

    def guard_for(self, url: str) -> Guard | None:
        """The guard that a connection to this address needs; None for a server that is trusted."""
        origin = _origin(url)
        trusted = (_origin(one) for one in self._trusted() if one)
        return None if origin in trusted else self._guard()


_policy: Policy | None = None


def guard_everything(policy: Policy | None) -> None:
    """Say what this process guards. Without it nothing is: whoever writes the addresses runs the process."""
    global _policy
    _policy = policy


def guard_for(url: str) -> Guard | None:
    """The guard that a connection of this process to this address needs, if any."""
    return _policy.guard_for(url) if _policy is not None else None


def _origin(url: str) -> tuple[str, int | None]:
    try:
        parsed = urlsplit(url)
        return (parsed.hostname or "").lower(), parsed.port or _DEFAULT_PORTS.get(parsed.scheme)
    except ValueError:  # nothing can be trusted about it
        return "", None

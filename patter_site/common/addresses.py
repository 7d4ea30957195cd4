"""Whether an address that a tenant wrote may be called from here.

The name is resolved and every one of its addresses must be on the public internet, or inside
``PATTER_ALLOW_PRIVATE_URLS``. This is the check when an address is stored; who calls it must resolve
and check again, because a name can point elsewhere by then.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(ValueError):
    """This address may not be called. The text says why."""


def check_outside_url(url: str) -> str:
    """The address without a trailing slash. Raises AddressRefused."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("This is not an address.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused("Give an address that begins with https:// and a host name.")
    if parts.username or parts.query or parts.fragment:
        raise AddressRefused("Give only host and path: no user name, no query string.")
    refused = [address for address in _addresses(host, port or 443) if not _allowed(address)]
    if refused:
        raise AddressRefused("This address leads into a private network, which is not allowed here.")
    return url.strip().rstrip("/")


def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise AddressRefused(f"The host {host} cannot be found.") from None
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]


def _allowed(address: Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    networks = [ipaddress.ip_network(text) for text in settings.PATTER_ALLOW_PRIVATE_URLS]
    return address.is_global or any(address in network for network in networks)

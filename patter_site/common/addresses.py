"""Whether an address that a tenant wrote may be called from here.

The name is resolved and every one of its addresses must be on the public internet, or inside
``PATTER_ALLOW_PRIVATE_URLS``. ``check_outside_url`` is the check when an address is stored. A name can point
elsewhere by the time it is called, so whoever calls it does so through ``outside_guard``, which resolves,
checks and connects to what it checked.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from patter.tools.guard import Address, AddressRefused, Guard, HostUnknown, Policy, guard_everything

__all__ = ["AddressRefused", "check_outside_url", "guard_providers", "outside_guard"]


def outside_guard() -> Guard:
    """What every request to an address of a tenant goes through."""
    return Guard(settings.PATTER_ALLOW_PRIVATE_URLS)


def guard_providers() -> None:
    """Guard every connection to a provider but those to the servers that the settings name."""
    guard_everything(Policy(outside_guard, _servers_of_settings))


def _servers_of_settings() -> Iterator[str]:
    for provider in ("OPENAI", "DEEPGRAM", "ELEVENLABS"):
        yield getattr(settings, f"PATTER_{provider}_BASE_URL")


def check_outside_url(url: str, *, query: bool = False, unknown_host: bool = False) -> str:
    """The address without a trailing slash. Raises AddressRefused.

    ``query``: it may have a query. ``unknown_host``: a host that nobody knows yet may be kept.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("This is not an address.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressRefused("Give an address that begins with https:// and a host name.")
    if parts.username or parts.fragment or (parts.query and not query):
        allowed = "no user name, no fragment" if query else "no user name, no query string"
        raise AddressRefused(f"Give only host and path: {allowed}.")
    guard = outside_guard()
    try:
        addresses = _addresses(host, port or 443)
    except HostUnknown:
        if not unknown_host:
            raise
        addresses = []
    if not all(guard.allows(address) for address in addresses):
        raise AddressRefused("This address leads into a private network, which is not allowed here.")
    return url.strip() if query else url.strip().rstrip("/")


def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HostUnknown(f"The host {host} cannot be found.") from None
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]

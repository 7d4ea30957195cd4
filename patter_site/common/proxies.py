"""Forwarded headers, from proxies that are listed in ``PATTER_TRUSTED_PROXIES`` and from nobody else.

Anyone can send ``X-Forwarded-For``. From an address that is not listed these headers are removed, so that
no later code can be fooled by them; from a listed one they say who the client is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

Network = IPv4Network | IPv6Network
FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
)


def networks(values: Iterable[str]) -> list[Network]:
    """Addresses and CIDRs; ``*`` is everybody, for a process that only its proxy can reach."""
    found: list[Network] = []
    for value in filter(None, (value.strip() for value in values)):
        if value == "*":
            found += [ip_network("0.0.0.0/0"), ip_network("::/0")]
            continue
        try:
            found.append(ip_network(value, strict=False))
        except ValueError:
            raise ImproperlyConfigured(f"This is neither an address nor a CIDR: {value}") from None
    return found


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip().strip("[]"))
    except ValueError:
        return None


def is_listed(text: str, trusted: Iterable[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def client_address(peer: str, forwarded_for: str, trusted: list[Network]) -> str:
    """The last address that no listed proxy vouches for: further left, anybody may have written anything."""
    address = peer
    for hop in reversed([hop.strip() for hop in forwarded_for.split(",") if hop.strip()]):
        if not is_listed(address, trusted) or _address(hop) is None:
            break
        address = hop
    return address


@sync_only_middleware
def forwarded_headers_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    trusted = networks(settings.PATTER_TRUSTED_PROXIES)

    def middleware(request: HttpRequest) -> HttpResponse:
        meta = request.META
        peer = meta.get("REMOTE_ADDR", "")
        meta["PATTER_FORWARDED"] = any(name in meta for name in (*FORWARDED, "HTTP_FORWARDED", "HTTP_VIA"))
        if is_listed(peer, trusted):
            meta["REMOTE_ADDR"] = client_address(peer, meta.get("HTTP_X_FORWARDED_FOR", ""), trusted)
        else:
            for name in FORWARDED:
                meta.pop(name, None)
        return get_response(request)

    return middleware

"""The addresses under which carriers reach us, for webhooks and media sockets."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest

from calls.models import Call
from phone_numbers.configure import webhook_address

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "testserver"})


def public_base(request: HttpRequest | None = None, *, simulated: bool = False) -> str:
    """The base that carriers call: PATTER_PUBLIC_URL, else (development) where this request came in.

    Empty when neither is known. The simulated carrier is on this machine and calls the address that it
    was given, whatever the world outside is told.
    """
    if request is None or (settings.PATTER_PUBLIC_URL and not simulated):
        return settings.PATTER_PUBLIC_URL
    return f"{request.scheme}://{request.get_host()}"


def called_url(request: HttpRequest, *, simulated: bool = False) -> str:
    """The address exactly as the carrier called it, for the signature."""
    return public_base(request, simulated=simulated) + request.get_full_path()


def media_url(call: Call, base: str) -> str:
    """The call's media socket. Its host may be another one than the webhooks' (PATTER_MEDIA_URL)."""
    parts = urlsplit(base if call.simulated else settings.PATTER_MEDIA_URL or base)
    # Plain ws:// is for the simulated carrier on the same machine; everything else is encrypted.
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    path = f"{parts.path.rstrip('/')}/media/{call.carrier}/{call.pk}"
    return urlunsplit(("ws" if plain else "wss", parts.netloc, path, "", ""))


def recording_url(call: Call) -> str:
    """Where a call's recording is fetched with an API key, once it is ready. Empty: no public address."""
    base = settings.PATTER_PUBLIC_URL
    return f"{base}/api/v1/calls/{call.pk}/recording" if base else ""


def callback_url(call: Call, door: str, base: str, **more: str | int) -> str:
    """One of our webhook doors for this call: its account in the path, its id in the signed query."""
    assert call.carrier_account is not None
    return f"{webhook_address(call.carrier_account, door, base)}?{urlencode({'call': call.pk, **more})}"

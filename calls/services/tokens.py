"""The one-time token that opens a call's media socket.

It says which call, the how-manieth token of that call it is, and until when; an HMAC proves it, so a
stranger is refused without a look at the database. Then the row decides: only the newest token counts,
and only once.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from calls.models import Call

LIFETIME_S = 60
_MAC_BYTES = 20
_SALT = b"patter.calls.stream-token"


class TokenRefused(Exception):
    """This token opens nothing. ``reason`` is malformed, forged or expired."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StreamToken:
    """What a proven token says. ``expires_at`` is in seconds since 1970."""

    call_id: str
    n: int
    expires_at: int


def issue_stream_token(call: Call, *, now: float | None = None) -> str:
    """A fresh token; the call's earlier ones are void from now on. Safe in URLs, below 100 characters."""
    rows = Call.objects.of(call.organisation_id).filter(pk=call.pk)
    rows.update(stream_issued=F("stream_issued") + 1)
    call.stream_issued = rows.values_list("stream_issued", flat=True).get()
    expires_at = int((time.time() if now is None else now) + LIFETIME_S)
    return _sealed(f"{call.pk}.{call.stream_issued}.{expires_at}")


def read_stream_token(token: str, *, now: float | None = None, expires: bool = True) -> StreamToken:
    """What the token says, without the database. Raises TokenRefused.

    ``expires`` is false for a stream that was opened with it in time and broke.
    """
    payload = _opened(token)
    try:
        call_id, n, expires_at = payload.split(".")
        read = StreamToken(call_id, int(n), int(expires_at))
    except ValueError:
        raise TokenRefused("malformed") from None
    if expires and (time.time() if now is None else now) > read.expires_at:
        raise TokenRefused("expired")
    return read


def consume_stream_token(call_id: str, n: int, *, owner: str = "") -> bool:
    """Use a token up, and lease the call to the process that carries it.

    False: the token was used, a newer one was given out, or the call is over.
    """
    rows = Call.objects.unscoped("the token was proven").filter(
        pk=call_id, stream_issued=n, stream_used__lt=n
    )
    taken = rows.exclude(status__in=Call.TERMINAL).update(
        stream_used=n,
        lease_owner=owner,
        lease_until=timezone.now() + timedelta(seconds=settings.PATTER_LEASE_S),
    )
    return taken == 1


def _sealed(payload: str) -> str:
    raw = payload.encode()
    return base64.urlsafe_b64encode(_mac(raw) + raw).decode().rstrip("=")


def _opened(token: str) -> str:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        text = payload.decode("ascii")
    except (binascii.Error, ValueError):
        raise TokenRefused("malformed") from None
    if not text:
        raise TokenRefused("malformed")
    if not hmac.compare_digest(mac, _mac(payload)):
        raise TokenRefused("forged")
    return text


def _mac(payload: bytes) -> bytes:
    return hmac.new(_SALT + settings.SECRET_KEY.encode(), payload, sha256).digest()[:_MAC_BYTES]

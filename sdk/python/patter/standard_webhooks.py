"""Signed requests as Standard Webhooks has them: who gets one can prove that it is ours and is fresh.

What is signed is ``{webhook-id}.{webhook-timestamp}.{body}``, with HMAC-SHA256 and the bytes of the
secret, which is written ``whsec_`` and base64. ``webhook-id`` names the message and is the same on every
try; the timestamp is that of the try. Source: https://www.standardwebhooks.com/, specification 1.0.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE_S = 300
"""A request that is older or newer than this was kept back, or recorded and sent again."""
SECRET_BYTES = 24


class SignatureRefused(ValueError):
    """This request was not signed with the secret, or long ago. The text says which."""


def secret_of(raw: bytes) -> str:
    """A secret as it is shown, from its bytes: 24 to 64 of them, at random."""
    return PREFIX + base64.b64encode(raw).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError for one that is no base64."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("A signing secret is whsec_ followed by base64.") from None


def signed_headers(secrets: Iterable[str], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers of a request. With several secrets any of them proves it: one is being replaced."""
    signatures = " ".join(_signature(secret, message_id, timestamp_s, body) for secret in secrets)
    return {ID: message_id, TIMESTAMP: str(timestamp_s), SIGNATURE: signatures}


def verify(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> None:
    """Check a request that claims to come from Patter. Raises SignatureRefused.

    ``headers`` may be written in any case. Keep the ids that were carried out: a message comes again with
    the same id when its answer was lost.
    """
    given = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not given.get(name)]
    if missing:
        raise SignatureRefused(f"The header {missing[0]} is missing.")
    if not given[TIMESTAMP].isascii() or not given[TIMESTAMP].isdigit():
        raise SignatureRefused("The timestamp is not a number of seconds.")
    timestamp_s = int(given[TIMESTAMP])
    if abs(now_s - timestamp_s) > TOLERANCE_S:
        raise SignatureRefused("The timestamp is too far from the present time.")
    right = _signature(secret, given[ID], timestamp_s, body)
    if not any(hmac.compare_digest(right.encode(), one.encode()) for one in given[SIGNATURE].split()):
        raise SignatureRefused("No signature fits this secret and body.")


def _signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    signed = b".".join([message_id.encode(), str(timestamp_s).encode(), body])
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()

"""The proof that a webhook comes from Telnyx: an Ed25519 signature over its timestamp and its raw body.

The address is not signed, so proxies and ports do not matter; the time is, so a replay is void after
five minutes. Media sockets are not signed at all: a token proves those.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_HEADER = "Telnyx-Signature-Ed25519"
TIMESTAMP_HEADER = "Telnyx-Timestamp"
TOLERANCE_S = 300


def signed_bytes(timestamp: str, body: bytes) -> bytes:
    """What is signed: the timestamp exactly as it was sent, a bar, and the raw body."""
    return timestamp.encode("utf-8", "replace") + b"|" + body


def verify(public_key: str, body: bytes, signature: str, timestamp: str, *, now_s: float) -> bool:
    """Whether a webhook is genuine and not older than five minutes.

    Args:
        public_key: the account's, base64 of 32 bytes, as the portal shows it.
        body: raw, before anything is parsed: one added space makes it another message.
        signature: the header ``Telnyx-Signature-Ed25519``, base64.
        timestamp: the header ``Telnyx-Timestamp``, seconds since 1970.
        now_s: seconds since 1970.
    """
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 15:
        return False
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
        key.verify(b64decode(signature, validate=True), signed_bytes(timestamp, body))
    except (InvalidSignature, Base64Error, ValueError):
        return False
    return True


def is_public_key(text: str) -> bool:
    """Whether a text can be an account's public key at all."""
    try:
        return len(b64decode(text, validate=True)) == 32
    except (Base64Error, ValueError):
        return False

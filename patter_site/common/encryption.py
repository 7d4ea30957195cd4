"""Secrets at rest.

Each key is any string of at least 32 characters. HKDF-SHA256 makes an AES-256-GCM key of it; what is
stored is ``v1:keyid:nonce:ciphertext``. The row and column are bound in as associated data, so that a
ciphertext copied to another row does not open there.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = "v1"
MINIMUM_KEY_LENGTH = 32


class DecryptionFailed(Exception):
    """No key opens this, or it was moved from another row."""


def key_id(key: str) -> str:
    """A short public name of a key, stored beside what it encrypted."""
    return hashlib.sha256(b"patter key id" + key.encode()).hexdigest()[:8]


@lru_cache(maxsize=32)
def _cipher(key: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"patter secrets v1").derive(key.encode())
    return AESGCM(derived)


def _keys() -> list[str]:
    return list(settings.PATTER_ENCRYPTION_KEYS)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encrypt(plain: str, associated: str) -> str:
    """Encrypt with the newest key."""
    key = _keys()[0]
    nonce = os.urandom(12)
    sealed = _cipher(key).encrypt(nonce, plain.encode(), associated.encode())
    return f"{VERSION}:{key_id(key)}:{_encode(nonce)}:{_encode(sealed)}"


def decrypt(stored: str, associated: str) -> str:
    """Decrypt with whichever configured key encrypted it. Raises DecryptionFailed."""
    try:
        version, name, nonce, sealed = stored.split(":")
    except ValueError:
        raise DecryptionFailed("This is not an encrypted value.") from None
    if version != VERSION:
        raise DecryptionFailed(f"Unknown version {version!r}.")
    for key in _keys():
        if key_id(key) == name:
            try:
                return _cipher(key).decrypt(_decode(nonce), _decode(sealed), associated.encode()).decode()
            except (InvalidTag, ValueError):
                raise DecryptionFailed("The value was changed, or moved from another row.") from None
    raise DecryptionFailed(f"Key {name} is not in PATTER_ENCRYPTION_KEY.")


def is_current(stored: str) -> bool:
    """Whether the newest key encrypted this."""
    return stored.startswith(f"{VERSION}:{key_id(_keys()[0])}:")

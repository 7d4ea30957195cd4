"""Whom https trusts: one context for the whole process.

httpx makes one for each client, and reads every root certificate for it: 50 ms in which no call is carried,
for each command to a carrier and each tool.
"""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trust(*, from_environment: bool = True) -> ssl.SSLContext:
    """The roots that httpx trusts. ``from_environment``: ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` count."""
    return httpx.create_ssl_context(trust_env=from_environment)

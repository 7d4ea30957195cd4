"""Whose certificates are believed when a carrier is asked for something over TLS."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trust() -> ssl.SSLContext:
    """One for all clients of a process: reading the root certificates takes longer than a frame lasts."""
    return httpx.create_ssl_context()

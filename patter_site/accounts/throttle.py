"""How often somebody may try to sign in: counted in the cache, forgotten after a while."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

WINDOW_S = 15 * 60
TRIES_PER_PERSON = 10  # from one address
TRIES_PER_ADDRESS = 50


def _keys(request: HttpRequest, email: str) -> list[tuple[str, int]]:
    address = request.META.get("REMOTE_ADDR", "")
    person = hashlib.sha256(f"{address}|{email.strip().lower()}".encode()).hexdigest()
    return [(f"sign-in:{person}", TRIES_PER_PERSON), (f"sign-in-from:{address}", TRIES_PER_ADDRESS)]


def too_many_tries(request: HttpRequest, email: str) -> bool:
    return any(cache.get(key, 0) >= limit for key, limit in _keys(request, email))


def note_failure(request: HttpRequest, email: str) -> None:
    for key, _limit in _keys(request, email):
        if not cache.add(key, 1, WINDOW_S):
            cache.incr(key)


def forget_failures(request: HttpRequest, email: str) -> None:
    cache.delete(_keys(request, email)[0][0])

"""Keys at the door of the API: ``X-API-Key: pt_…`` or ``Authorization: Bearer pt_…``."""

from __future__ import annotations

from collections.abc import Mapping

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from patter_site.accounts.actors import Actor, key_holder
from patter_site.accounts.services.api_keys import KeyGrant, KeyRefused, note_use, verify_api_key

CHALLENGE = 'Bearer realm="patter"'


def presented_key(headers: Mapping[str, str]) -> str:
    """The key that a request or a socket's handshake carries, or empty. Names in any case."""
    if key := headers.get("X-API-Key", ""):
        return key.strip()
    kind, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


class ApiKeyAuthentication(BaseAuthentication):
    """``request.user`` is the Actor, ``request.auth`` the KeyGrant, ``request.organisation`` the tenant."""

    def authenticate(self, request: Request) -> tuple[Actor, KeyGrant] | None:
        presented = presented_key(request.headers)
        if not presented:
            return None
        try:
            grant = verify_api_key(presented)
        except KeyRefused as refused:
            refused.headers["WWW-Authenticate"] = CHALLENGE
            raise
        note_use(grant.key)
        request._request.organisation = grant.organisation  # type: ignore[attr-defined]
        return key_holder(grant.key), grant

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

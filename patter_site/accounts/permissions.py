"""Whether a key's scopes allow what a view does."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from patter_site.accounts.roles import grants
from patter_site.accounts.services.api_keys import KeyGrant
from patter_site.common.errors import NotAllowed


def needed_scope(view: Any, method: str) -> str | None:
    """By the action's name, else the method, else ``*``. HEAD and OPTIONS need what GET needs."""
    scopes: dict[str, str] = getattr(view, "scopes", {})
    method = "GET" if method in ("HEAD", "OPTIONS") else method
    return scopes.get(getattr(view, "action", None) or "") or scopes.get(method) or scopes.get("*")


class HasScope(BasePermission):
    """Closed unless the view names a scope and the key has it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        grant = request.auth
        if not isinstance(grant, KeyGrant):
            raise NotAuthenticated("Give your API key in X-API-Key, or in Authorization as a Bearer token.")
        needed = needed_scope(view, request.method or "GET")
        if needed is not None and grants(grant.scopes, needed):
            return True
        raise NotAllowed(
            f"This API key lacks the scope {needed}." if needed else "No key may do this.",
            code="scope_missing",
        )

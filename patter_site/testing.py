"""The cast of the platform's tests, and how they talk to it.

Ada owns an organisation, Ben is on her team, Cleo owns another one and must be refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from patter_site.accounts.models import Membership, Organisation, Role, User
from patter_site.accounts.roles import ALL_SCOPES
from patter_site.accounts.services.api_keys import create_api_key
from patter_site.accounts.services.workspaces import create_organisation

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Cast:
    """Ada's organisation and key; Cleo's organisation and key."""

    ada: User
    ben: User
    cleo: User
    organisation: Organisation
    other: Organisation
    key: str
    other_key: str


def make_user(email: str, name: str = "") -> User:
    return User.objects.create_user(email, PASSWORD, name=name)


def make_cast(ben_role: str = Role.OPERATOR) -> Cast:
    """Three people, two organisations, a full-scope key for each."""
    ada, ben, cleo = (make_user(f"{n}@example.com", n.title()) for n in ("ada", "ben", "cleo"))
    organisation = create_organisation(name="Ada's", owner=ada)
    other = create_organisation(name="Cleo's", owner=cleo)
    Membership.objects.create(organisation=organisation, user=ben, role=ben_role)
    key, other_key = make_key(organisation, ada), make_key(other, cleo)
    return Cast(ada, ben, cleo, organisation, other, key, other_key)


def make_key(
    organisation: Organisation, maker: User | None = None, scopes: Iterable[str] = ALL_SCOPES
) -> str:
    """A key with these scopes."""
    return create_api_key(organisation=organisation, name="Test", scopes=scopes, created_by=maker)[1]


def api(key: str = "", **headers: str) -> APIClient:
    """A client of the API; JSON unless said otherwise. ``api(key, Idempotency_Key="a")`` adds headers."""
    given = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    client = APIClient()
    client.default_format = "json"
    client.credentials(**({"HTTP_X_API_KEY": key} if key else {}), **given)
    return client


def error_of(response: Any) -> dict[str, Any]:
    """The error of an answer, after checking that it has exactly the one shape."""
    body = response.json()
    assert set(body) == {"error"}, body
    assert set(body["error"]) == {"code", "message", "fields", "request_id"}, body
    error: dict[str, Any] = body["error"]
    assert error["code"] and error["message"] and error["request_id"], body
    return error

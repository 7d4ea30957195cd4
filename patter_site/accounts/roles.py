"""What each role may do, in actions for people and in scopes for keys. Each role includes those before it."""

from __future__ import annotations

from collections.abc import Iterable

from patter_site.accounts.models import Role

ORDER = (Role.VIEWER, Role.OPERATOR, Role.BUILDER, Role.ADMIN, Role.OWNER)

ROLE_ADDS_SCOPES: dict[Role, tuple[str, ...]] = {
    Role.VIEWER: ("agents:read", "calls:read", "recordings:read", "campaigns:read", "numbers:read"),
    Role.OPERATOR: ("calls:write", "campaigns:write"),
    Role.BUILDER: ("agents:write", "numbers:write"),
    Role.ADMIN: ("webhooks:read", "webhooks:write", "admin"),
    Role.OWNER: ("billing:read",),
}
ALL_SCOPES: tuple[str, ...] = tuple(scope for role in ORDER for scope in ROLE_ADDS_SCOPES[role])

ACTIONS: dict[str, Role] = {
    "read": Role.VIEWER,
    "place_calls": Role.OPERATOR,
    "listen": Role.OPERATOR,
    "run_campaigns": Role.OPERATOR,
    "edit_agents": Role.BUILDER,
    "edit_tools": Role.BUILDER,
    "edit_numbers": Role.BUILDER,
    "manage_people": Role.ADMIN,
    "manage_keys": Role.ADMIN,
    "manage_credentials": Role.ADMIN,
    "manage_webhooks": Role.ADMIN,
    "remove_from_do_not_call": Role.ADMIN,
    "manage_billing": Role.OWNER,
    "delete_organisation": Role.OWNER,
}


def rank(role: str) -> int:
    return ORDER.index(Role(role))


def at_least(role: str, needed: str) -> bool:
    """Whether a role includes another."""
    return rank(role) >= rank(needed)


def may(role: str, action: str) -> bool:
    """Whether a role allows an action of ``ACTIONS``."""
    return at_least(role, ACTIONS[action])


def scopes_of(role: str) -> frozenset[str]:
    """The scopes that a key made by this role may have at most."""
    allowed = ORDER[: rank(role) + 1]
    return frozenset(scope for each in allowed for scope in ROLE_ADDS_SCOPES[each])


def grants(held: Iterable[str], needed: str) -> bool:
    """Whether scopes include the needed one. Writing includes reading the same thing."""
    held = frozenset(held)
    if needed in held:
        return True
    thing, _, verb = needed.partition(":")
    return verb == "read" and f"{thing}:write" in held

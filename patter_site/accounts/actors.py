"""Who does something: a person, a key, staff, or the platform itself."""

from __future__ import annotations

from dataclasses import dataclass

from patter_site.accounts.models import ApiKey, User


@dataclass(frozen=True)
class Actor:
    """The doer that an audit entry names. ``user`` is the person behind it, if there is one."""

    type: str  # user, key, staff, system
    id: str = ""
    user: User | None = None

    @property
    def is_authenticated(self) -> bool:
        return self.type != "system"


SYSTEM = Actor("system")


def person(user: User) -> Actor:
    return Actor("user", user.pk, user)


def key_holder(key: ApiKey) -> Actor:
    return Actor("key", key.pk, key.created_by)

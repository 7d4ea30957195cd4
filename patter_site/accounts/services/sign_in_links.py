"""Links that sign a person in once, such as the one that `./dev run` prints."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from patter_site.accounts.models import SignInLink, User

VALID_FOR = timedelta(hours=1)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create_sign_in_link(*, user: User, valid_for: timedelta = VALID_FOR) -> str:
    """The token of ``/sign-in/link/<token>/``. It is nowhere else: only its hash is stored."""
    SignInLink.objects.filter(expires_at__lt=timezone.now()).delete()
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(token_hash=_hash(token), user=user, expires_at=timezone.now() + valid_for)
    return token


def use_sign_in_link(token: str) -> User | None:
    """Who may be signed in by it, once. None for a link that was used, has expired, or never was."""
    now = timezone.now()
    fresh = SignInLink.objects.filter(token_hash=_hash(token), used_at=None, expires_at__gt=now)
    if not fresh.update(used_at=now):
        return None
    user = SignInLink.objects.select_related("user").get(token_hash=_hash(token)).user
    return user if user.is_active else None

"""API keys: made, revoked, verified. A key is ``pt_`` + 12 public characters + 52 secret ones."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from patter_site.accounts.actors import SYSTEM, Actor
from patter_site.accounts.models import ApiKey, Membership, Organisation, User
from patter_site.accounts.roles import ALL_SCOPES, scopes_of
from patter_site.accounts.services.audit import record_audit
from patter_site.common.errors import ApiProblem, ValidationProblem
from patter_site.common.ids import ALPHABET

PUBLIC_CHARACTERS = 12
SECRET_CHARACTERS = 52  # of 32 letters: 260 bits
FORM = re.compile(f"pt_([{ALPHABET}]{{{PUBLIC_CHARACTERS}}})([{ALPHABET}]{{{SECRET_CHARACTERS}}})")
USE_NOTED_EVERY = timedelta(minutes=1)


class KeyRefused(ApiProblem):
    """A key that opens nothing. Codes: api_key_invalid, api_key_revoked, api_key_expired."""

    status = 401
    code = "api_key_invalid"
    message = "This API key is not valid."


@dataclass(frozen=True)
class KeyGrant:
    """What a verified key opens. ``scopes`` never exceed the present role of the key's maker."""

    key: ApiKey
    organisation: Organisation
    scopes: frozenset[str]


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def checked_scopes(scopes: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """In the order of the documentation. Raises ValidationProblem for what is unknown or not the maker's."""
    wanted = set(scopes)
    if unknown := sorted(wanted - set(ALL_SCOPES)):
        sentence = f"There is no scope {unknown[0]!r}. Known are: {', '.join(ALL_SCOPES)}."
        raise ValidationProblem(f"scopes: {sentence}", fields={"scopes": [sentence]})
    if excess := sorted(wanted - set(allowed)):
        sentence = f"A key cannot have more than its maker: {', '.join(excess)}."
        raise ValidationProblem(f"scopes: {sentence}", fields={"scopes": [sentence]})
    return [scope for scope in ALL_SCOPES if scope in wanted]


@transaction.atomic
def create_api_key(
    *,
    organisation: Organisation,
    name: str,
    scopes: Iterable[str] = ALL_SCOPES,
    allowed_scopes: Iterable[str] = ALL_SCOPES,
    created_by: User | None = None,
    expires_at: datetime | None = None,
    actor: Actor = SYSTEM,
) -> tuple[ApiKey, str]:
    """The row, and the key itself, which is nowhere else. ``allowed_scopes`` are the maker's."""
    public_id, secret = _random(PUBLIC_CHARACTERS), _random(SECRET_CHARACTERS)
    key = ApiKey.objects.create(
        organisation=organisation,
        name=name,
        public_id=public_id,
        secret_hash=_hash(secret),
        scopes=checked_scopes(scopes, allowed_scopes),
        created_by=created_by,
        expires_at=expires_at,
    )
    record_audit(
        organisation=organisation,
        actor=actor,
        action="api_key.created",
        subject_type="api_key",
        subject_id=key.pk,
        data={"scopes": key.scopes},
    )
    return key, f"pt_{public_id}{secret}"


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: Actor = SYSTEM) -> None:
    """Close a key for good. A second time changes nothing."""
    still_open = ApiKey.objects.of(key.organisation_id).filter(pk=key.pk, revoked_at=None)
    if not still_open.update(revoked_at=timezone.now()):
        return
    record_audit(
        organisation=key.organisation,
        actor=actor,
        action="api_key.revoked",
        subject_type="api_key",
        subject_id=key.pk,
    )


def verify_api_key(presented: str) -> KeyGrant:
    """What a key opens. Raises KeyRefused."""
    match = FORM.fullmatch(presented.strip())
    if match is None:
        raise KeyRefused()
    public_id, secret = match.groups()
    key = (
        ApiKey.objects.unscoped("the key says which organisation")
        .select_related("organisation", "created_by")
        .filter(public_id=public_id)
        .first()
    )
    known = key.secret_hash if key else _hash("")
    if not hmac.compare_digest(known, _hash(secret)) or key is None:
        raise KeyRefused()
    _refuse_closed(key)
    return KeyGrant(key, key.organisation, _present_scopes(key))


def _refuse_closed(key: ApiKey) -> None:
    if key.revoked_at is not None:
        raise KeyRefused("This API key was revoked.", code="api_key_revoked")
    if key.expires_at is not None and key.expires_at <= timezone.now():
        raise KeyRefused("This API key has expired.", code="api_key_expired")
    if not key.organisation.is_active:
        raise KeyRefused("This organisation is closed.", code="organisation_closed", status=403)


def _present_scopes(key: ApiKey) -> frozenset[str]:
    scopes = frozenset(key.scopes)
    if key.created_by_id is None:
        return scopes
    maker = Membership.objects.of(key.organisation_id).filter(user_id=key.created_by_id).first()
    return scopes & scopes_of(maker.role) if maker else frozenset()


def note_use(key: ApiKey) -> None:
    """Remember that a key was used, at most once a minute."""
    now = timezone.now()
    before = now - USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at < before:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=before)
        ApiKey.objects.of(key.organisation_id).filter(stale, pk=key.pk).update(last_used_at=now)

"""``Idempotency-Key``: the same key gives the same answer, and one effect.

A row per (organisation, route, key) is inserted first, in a short transaction of its own, so that of two
requests at once only one goes on. The answer is stored in the transaction of the effect: either both
exist or neither. A request that died leaves a row without an answer, which may be taken over when its
lease is out; the late first one then finds that it no longer holds the row, and its effect is rolled back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from patter_site.common.errors import ApiProblem, Conflict, Unprocessable
from patter_site.common.ids import make_id
from patter_site.common.models import IdempotencyRecord
from patter_site.common.parsing import parse_json

KEPT = timedelta(hours=24)
LEASE_S = 60
# Answers that say "not now" would be wrong the next time.
NOT_KEPT = frozenset({401, 403, 409, 425, 429})


@dataclass(frozen=True)
class Claim:
    """The right to carry out one request, once."""

    record_id: int
    holder: str


@dataclass(frozen=True)
class StoredAnswer:
    status: int
    body: Any


def body_hash(raw: bytes) -> str:
    """Equal for bodies that mean the same: JSON is compared without its order of keys and spaces."""
    try:
        raw = json.dumps(parse_json(raw), sort_keys=True).encode()
    except ValueError:
        pass
    return hashlib.sha256(raw).hexdigest()


def checked_key(key: str) -> str:
    """Raises ApiProblem unless the key is 1 to 255 printable ASCII characters."""
    if 0 < len(key) <= 255 and key.isascii() and key.isprintable():
        return key
    raise ApiProblem(
        "Idempotency-Key must be 1 to 255 printable ASCII characters.", code="idempotency_key_invalid"
    )


def begin(
    *, organisation_id: str, route: str, key: str, digest: str, lease_s: float = LEASE_S
) -> Claim | StoredAnswer:
    """Claim the key, or give the answer it already has.

    Raises Unprocessable (idempotency_mismatch) for another body, Conflict (idempotency_in_flight) while the
    first request runs.
    """
    if len(route) > 200:
        route = hashlib.sha256(route.encode()).hexdigest()
    names = {"organisation_id": organisation_id, "route": route, "key": key}
    for _ in range(3):
        if claim := _insert(names, digest, lease_s):
            return claim
        record = IdempotencyRecord.objects.filter(**names).first()
        if record is None:
            continue  # it expired or failed between the two statements
        if record.created_at < timezone.now() - KEPT:
            IdempotencyRecord.objects.filter(pk=record.pk, created_at=record.created_at).delete()
            continue
        return _existing(record, digest, lease_s)
    raise _in_flight(1)


def _insert(names: dict[str, str], digest: str, lease_s: float) -> Claim | None:
    holder = make_id("idem")
    lease_until = timezone.now() + timedelta(seconds=lease_s)
    try:
        with transaction.atomic():
            record = IdempotencyRecord.objects.create(
                **names, body_hash=digest, holder=holder, lease_until=lease_until
            )
    except IntegrityError:
        return None
    return Claim(record.pk, holder)


def _existing(record: IdempotencyRecord, digest: str, lease_s: float) -> Claim | StoredAnswer:
    if record.body_hash != digest:
        raise Unprocessable(
            "This Idempotency-Key was used with another body. Use a new key for a new request.",
            code="idempotency_mismatch",
        )
    if record.status is not None:
        return StoredAnswer(record.status, json.loads(record.answer))
    now = timezone.now()
    if record.lease_until > now:
        raise _in_flight((record.lease_until - now).total_seconds())
    holder = make_id("idem")
    abandoned = IdempotencyRecord.objects.filter(pk=record.pk, holder=record.holder, status=None)
    if abandoned.update(holder=holder, lease_until=now + timedelta(seconds=lease_s)):
        return Claim(record.pk, holder)
    raise _in_flight(1)


def _in_flight(wait_s: float) -> Conflict:
    retry_after = str(max(1, min(int(wait_s), 5)))
    return Conflict(
        "The first request with this Idempotency-Key is still being carried out.",
        code="idempotency_in_flight",
        headers={"Retry-After": retry_after},
    )


def finish(claim: Claim, *, status: int, body: Any, secrets: Sequence[str] = ()) -> None:
    """Keep the answer. Call it inside the transaction of the effect.

    ``secrets`` names fields of the answer that are shown once. Raises Conflict when another request took
    the key over, so that this one's effect is rolled back.
    """
    held = IdempotencyRecord.objects.filter(pk=claim.record_id, holder=claim.holder, status=None)
    if not held.update(status=status, answer=json.dumps(without_secrets(body, secrets))):
        raise _in_flight(1)


def forget(claim: Claim) -> None:
    """Give the key back: the request failed in a way that may go better next time."""
    IdempotencyRecord.objects.filter(pk=claim.record_id, holder=claim.holder, status=None).delete()


def is_kept(status: int) -> bool:
    return status < 500 and status not in NOT_KEPT


def without_secrets(body: Any, secrets: Sequence[str]) -> Any:
    """The answer as it may be repeated: what is shown once is null the second time."""
    if not secrets or not isinstance(body, dict):
        return body
    hidden = {name: None for name in secrets if name in body}
    return {**body, **hidden, "secret_already_shown": True} if hidden else body


def delete_expired() -> int:
    """Sweep: how many answers were older than 24 hours."""
    return IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]

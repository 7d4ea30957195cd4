"""Re-encryption, column by column: in batches, by compare-and-swap, resumable at any time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model

from patter_site.common.encryption import DecryptionFailed, decrypt, encrypt, is_current
from patter_site.common.fields import Ciphertext, EncryptedTextField, associated_data


@dataclass
class Tally:
    """``changed``: somebody wrote the row meanwhile, with the newest key of course."""

    rotated: int = 0
    current: int = 0
    changed: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def encrypted_columns() -> Iterator[tuple[type[Model], str]]:
    """Every encrypted column of every model."""
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, EncryptedTextField) and column.model is model:
                yield model, column.attname


def rotate_column(model: type[Model], name: str, *, batch: int = 200, dry_run: bool = False) -> Tally:
    """Rotate one column. Rows that are current already are only counted, so a second run is quick."""
    tally = Tally()
    after = None
    while rows := _next_rows(model, name, after, batch):
        for row in rows:
            _rotate_row(row, name, tally, dry_run)
        after = rows[-1].pk
    return tally


def _next_rows(model: type[Model], name: str, after: Any, batch: int) -> list[Model]:
    rows = model._base_manager.exclude(**{name: ""}).exclude(**{f"{name}__isnull": True})
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.order_by("pk")[:batch])


def _rotate_row(row: Model, name: str, tally: Tally, dry_run: bool) -> None:
    stored = row.__dict__[name]
    if is_current(stored):
        tally.current += 1
        return
    associated = associated_data(row, name)
    try:
        sealed = Ciphertext(encrypt(decrypt(stored, associated), associated))
    except DecryptionFailed as error:
        tally.unreadable.append((str(row.pk), str(error)))
        return
    # Only if it is still what was read: a secret that was replaced meanwhile must not come back.
    unchanged = type(row)._base_manager.filter(pk=row.pk, **{name: stored})
    if dry_run or unchanged.update(**{name: sealed}):
        tally.rotated += 1
    else:
        tally.changed += 1

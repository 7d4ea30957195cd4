"""Files in our storage that are to go: deleted for sure, also where the storage is away when they should.

Whoever deletes the row of a recording writes down its files in the same transaction. A file that is not
there is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.core.files.storage import default_storage
from django.utils import timezone

from calls.models import FileErasure
from patter_site.common.jobs import backoff_s, claim, fail

logger = structlog.get_logger(__name__)
LEASE_S = 300


def erase_files_later(organisation_id: str, names: Sequence[str]) -> FileErasure | None:
    """To be called in the transaction that forgets the files. None: there are none."""
    if not names:
        return None
    return FileErasure.objects.create(
        organisation_id=organisation_id, names=list(names), due_at=timezone.now()
    )


def erase_files(erasure: FileErasure) -> bool:
    """Delete the files, if nobody else does. False: some are left for a later try. Never in a transaction."""
    if not claim(erasure, lease_s=LEASE_S):
        return False
    while erasure.names:
        name = erasure.names[0]
        try:
            default_storage.delete(name)
        except Exception as error:
            # Not first again: one that cannot be deleted keeps nobody else.
            erasure.names = [*erasure.names[1:], name]
            _later(erasure, error)
            return False
        erasure.names = erasure.names[1:]
    erasure.delete()
    return True


def _later(erasure: FileErasure, error: Exception) -> None:
    logger.warning("Files could not be deleted yet", files=len(erasure.names), error=type(error).__name__)
    erasure.save(update_fields=["names"])
    wait_s = backoff_s(erasure.tries, base_s=60, longest_s=86400)
    fail(erasure, f"{type(error).__name__}: {error}", retry_in_s=wait_s)

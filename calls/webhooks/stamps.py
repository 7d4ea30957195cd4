"""When something happened: the carrier's stamp where the webhook is late, else now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

# Twilio's clock has whole seconds; an older stamp is worth more than the time of arrival.
STAMP_COUNTS_AFTER = timedelta(seconds=5)


def happened_at(stamp: datetime | None) -> datetime:
    """A stamp from the future, or none, is now."""
    now = timezone.now()
    if stamp is None:
        return now
    stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return stamp if now - stamp > STAMP_COUNTS_AFTER else now

"""Keeping what a carrier told us, before it is answered."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from calls.models import CarrierNotice
from calls.notice_tasks import work_off_notice
from patter.carriers.telnyx.webhooks import CallEvent
from patter_site.common.jobs import wake
from phone_numbers.models import CarrierAccount


def keep_notice(*, account: CarrierAccount, event: CallEvent, body: bytes, base: str) -> bool:
    """Write an event down, to be worked off right afterwards. False: it was told before.

    ``base`` is where it reached us: development has no other public address.
    """
    notice = CarrierNotice(
        organisation=account.organisation,
        carrier_account=account,
        event_id=event.id,
        kind=event.kind,
        body=body.decode(),
        base=base,
        due_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
            wake(work_off_notice, notice.pk)
    except IntegrityError:
        return False
    return True

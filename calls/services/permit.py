"""The permit to dial: one short transaction right before the request, for every call alike.

It holds the callee's lock, so that two calls to one person are decided one after the other; takes the next
slot of the account, so that all processes together dial no faster than it may; and writes the attempt,
which is unique for as long as it is open. Then it commits, and only then the carrier is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from calls.models import Call, Dial, DialAttempt
from calls.services.advance import Happening, advance_call, locked_call
from calls.services.progress import Step
from phone_numbers.models import CarrierAccount
from recipients.services import locked_recipient

SIMULATED_PER_SECOND = 50.0
CROWDED_RETRY_S = 5.0
SAME_CALLEE_RETRY_S = 10.0
UNDER_WAY = (
    Call.Status.DIALLING,
    Call.Status.RINGING,
    Call.Status.IN_PROGRESS,
    Call.Status.TRANSFERRING,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. ``reason`` is a word for operators: paced, crowded or same_callee."""

    reason: str
    retry_in_s: float


class CallGone(Exception):
    """The call is over: nobody waits for it any more."""


def take_permit(dial: Dial) -> DialAttempt | Wait:
    """Permit one request, or say when to ask again. Raises CallGone.

    From the moment this returns an attempt, the callee may have been phoned.
    """
    try:
        return _permitted(dial)
    except IntegrityError:
        # Another call of this number to the same callee is under way, and neither may cut the other off.
        return Wait("same_callee", SAME_CALLEE_RETRY_S)


@transaction.atomic
def _permitted(dial: Dial) -> DialAttempt | Wait:
    call = dial.call
    locked_recipient(call.organisation_id, call.to_number)
    call = locked_call(call.pk)
    if call.is_over:
        raise CallGone
    now = timezone.now()
    account = CarrierAccount.objects.unscoped("the account of a call that is locked").select_for_update()
    account_row = account.get(pk=call.carrier_account_id)
    if _crowded(account_row):
        return Wait("crowded", CROWDED_RETRY_S)
    slot = dial.slot_at or _next_slot(account_row, now)
    if slot > now:
        dial.slot_at = slot
        dial.save(update_fields=["slot_at"])
        return Wait("paced", (slot - now).total_seconds())
    dial.slot_at, dial.sent_at = None, now
    dial.save(update_fields=["slot_at", "sent_at"])
    attempt = DialAttempt.objects.create(
        organisation_id=call.organisation_id,
        call=call,
        carrier_account=account_row,
        from_number=call.from_number,
        to_number=call.to_number,
        permitted_at=now,
        state=DialAttempt.State.DONE,
    )
    happening = Happening("dial.sent", {"try": attempts_of(call)})
    advance_call(call_id=call.pk, step=Step.DIALLING, happening=happening)
    return attempt


def attempts_of(call: Call) -> int:
    return DialAttempt.objects.of(call.organisation_id).filter(call=call).count()


def _crowded(account: CarrierAccount) -> bool:
    """Whether the account has as many calls under way as it may."""
    if account.most_calls is None:
        return False
    rows = Call.objects.unscoped("an account may serve several organisations")
    return rows.filter(carrier_account=account, status__in=UNDER_WAY).count() >= account.most_calls


def _next_slot(account: CarrierAccount, now: datetime) -> datetime:
    """When this account may dial next. The slot is taken, whether it is used or not."""
    slot = max(now, account.next_dial_at or now)
    rate = SIMULATED_PER_SECOND if account.simulated else account.calls_per_second
    account.next_dial_at = slot + timedelta(seconds=1 / rate)
    account.save(update_fields=["next_dial_at"])
    return slot


# -- what became of it ----------------------------------------------------------------------------


def close_attempts(call: Call) -> None:
    """The call is over, so nothing of it is open any more. In the transaction of its end."""
    open_ones = DialAttempt.objects.of(call.organisation_id).filter(call=call)
    open_ones.exclude(progress=DialAttempt.Progress.TERMINAL).update(
        progress=DialAttempt.Progress.TERMINAL, state=DialAttempt.State.DONE, due_at=None
    )

"""Requests to dial whose answer was lost: the carrier is asked what became of them, and never asked again.

Our id is in every address that the carrier was given, so a callback proves the call. Where none comes, the
carrier's list of calls tells; what is not in it by the third look counts as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from calls.models import Call, DialAttempt
from calls.services.advance import Facts, Happening, advance_call, locked_call, note_event
from calls.services.progress import Step
from patter.errors import CarrierError
from patter_site.common.jobs import fail, finish
from phone_numbers.carrier import ask_telnyx, ask_twilio
from phone_numbers.models import Carrier, CarrierAccount

LOOK_AFTER_S = (5.0, 30.0, 120.0)
"""When the carrier is looked at, counted from the lost answer."""
CLOCKS_DIFFER_BY = timedelta(seconds=5)
MESSAGE = "The carrier did not answer the request to dial, and has no such call."

Found = list[str]
"""The carrier's ids of calls that may be the one."""


def _at_twilio(attempt: DialAttempt, since: datetime) -> Found:
    """By both numbers and by when it was made. A call that is still queued has no start time yet."""
    account = attempt.carrier_account
    calls = ask_twilio(account, lambda rest: rest.list_calls(to=attempt.to_number, from_=attempt.from_number))
    return [one.sid for one in calls if one.created_at is None or one.created_at >= since]


def _at_telnyx(attempt: DialAttempt, since: datetime) -> Found:
    """By our own id, which is the state of the call there. What is over already is told by its webhooks."""
    calls = ask_telnyx(attempt.carrier_account, lambda rest: rest.list_active_calls())
    return [one.call_control_id for one in calls if one.client_state == attempt.call_id]


LOOK_UPS: Mapping[str, Callable[[DialAttempt, datetime], Found]] = {
    Carrier.TWILIO.value: _at_twilio,
    Carrier.TELNYX.value: _at_telnyx,
}
"""How a carrier is asked. One that cannot be asked is proven by its callbacks only. Raises CarrierError."""


def doubt_attempt(attempt: DialAttempt) -> None:
    """The answer to this request was lost. In a transaction."""
    attempt.progress = DialAttempt.Progress.UNKNOWN
    attempt.state, attempt.tries = DialAttempt.State.DUE, 0
    attempt.due_at = timezone.now() + timedelta(seconds=LOOK_AFTER_S[0])
    attempt.save()


def look_up(attempt: DialAttempt) -> None:
    """Look once at a claimed attempt. Never inside a transaction."""
    call = Call.objects.of(attempt.organisation_id).get(pk=attempt.call_id)
    if call.carrier_call_id or call.is_over:
        _settled(attempt, call.carrier_call_id)
        return
    try:
        found = _found(attempt, attempt.carrier_account)
    except CarrierError as error:
        found = None
        attempt.last_error = str(error)[:500]
    if found:
        _attach(attempt, found)
    elif attempt.tries < len(LOOK_AFTER_S):
        wait_s = LOOK_AFTER_S[attempt.tries] - LOOK_AFTER_S[attempt.tries - 1]
        fail(attempt, attempt.last_error or "not found yet", retry_in_s=wait_s)
    else:
        _unknown(attempt)


def _found(attempt: DialAttempt, account: CarrierAccount) -> str | None:
    """The carrier's id of the call; None while nothing, or more than one, could be it."""
    look = LOOK_UPS.get(account.carrier)
    if look is None:
        return None
    known = Call.objects.unscoped("an account may serve several organisations").filter(
        carrier_account=account
    )
    candidates = [
        sid
        for sid in look(attempt, attempt.permitted_at - CLOCKS_DIFFER_BY)
        if not known.filter(carrier_call_id=sid).exists()
    ]
    return candidates[0] if len(candidates) == 1 else None


@transaction.atomic
def _attach(attempt: DialAttempt, carrier_call_id: str) -> None:
    call = locked_call(attempt.call_id)
    note_event(call, Happening("dial.found", {"carrier_call_id": carrier_call_id}, "dial:found"))
    if not call.carrier_call_id:
        call.carrier_call_id = carrier_call_id
        call.save(update_fields=["carrier_call_id"])
    _settled(attempt, call.carrier_call_id)


def _settled(attempt: DialAttempt, carrier_call_id: str) -> None:
    attempt.carrier_call_id = carrier_call_id
    if attempt.progress == DialAttempt.Progress.UNKNOWN:
        attempt.progress = DialAttempt.Progress.SENT
    attempt.save(update_fields=["carrier_call_id", "progress"])
    finish(attempt)


@transaction.atomic
def _unknown(attempt: DialAttempt) -> None:
    """It counts, and no machine dials it again."""
    finish(attempt)
    advance_call(
        call_id=attempt.call_id,
        step=Step.UNKNOWN,
        happening=Happening("dial.not_found", {}, "dial:not_found"),
        facts=Facts(error_code="unknown", error_message=MESSAGE),
    )

"""Dialling one call: claim the job, take the permit, make one request, write down what came of it.

The permit is committed before the request. Whatever happens in between (a crash, a timeout) the callee is
never phoned twice: a job that was sent is not sent again, it becomes ``unknown`` unless the carrier's
callbacks, which carry the call's id, say otherwise.
"""

from __future__ import annotations

import structlog
from django.db import transaction

from agents.errors import AgentNotReady
from calls.models import Dial, DialAttempt
from calls.plan import plan_of
from calls.services.advance import Facts, Happening, advance_call, locked_call, note_event
from calls.services.carrier_refusals import dialled_perhaps, verdict_on
from calls.services.dial_requests import Request, dial_request
from calls.services.permit import CallGone, Wait, attempts_of, close_attempts, take_permit
from calls.services.progress import Step
from calls.services.reconcile import doubt_attempt
from patter.errors import CarrierError, ConfigError
from patter_site.common import stopping
from patter_site.common.jobs import backoff_s, claim, fail, finish
from phone_numbers.carrier import ask_carrier

logger = structlog.get_logger(__name__)
LEASE_S = 60
MAX_TRIES = 8
# The carrier's own limit: a guard against a call whose process died and that nobody hangs up.
TIME_LIMIT_MARGIN_S = 60


def dial_call(call_id: str) -> None:
    """Dial a call if it is due and nobody else does. Never inside a transaction.

    A process that stops, and would have to carry the call, leaves it to the next one.
    """
    if stopping.takes_no_calls():
        return
    dial = _claimed(call_id)
    if dial is None:
        return
    request = _request(dial)
    attempt = _permit(dial) if request is not None else None
    if request is None or attempt is None:
        return
    try:
        carrier_call_id = request()
    except CarrierError as error:
        _refused(dial, attempt, error)
        return
    _sent(dial, attempt, carrier_call_id)


def _claimed(call_id: str) -> Dial | None:
    rows = Dial.objects.unscoped("a job is found by its call")
    rows = rows.select_related("call__organisation", "call__carrier_account", "call__agent")
    dial = rows.filter(pk=call_id).first()
    if dial is None or not claim(dial, lease_s=LEASE_S):
        return None
    if dial.sent_at is not None:
        # Left by a process that died after the permit: what became of the request is unknown.
        for attempt in dial.call.attempts.filter(progress=DialAttempt.Progress.PERMITTED):
            doubt_attempt(attempt)
        finish(dial)
        return None
    return dial


def _request(dial: Dial) -> Request | None:
    """What the carrier is asked. None: this call cannot be made, and it has ended."""
    call = dial.call
    try:
        limit_s = int(plan_of(call).plan.turn_taking.max_duration_s) + TIME_LIMIT_MARGIN_S
        return dial_request(call, dial.callback_base, limit_s)
    except AgentNotReady as error:
        facts = Facts(error_code=error.code, error_message=error.message)
    except ConfigError as error:
        facts = Facts(error_code="not_dialable", error_message=str(error))
    _end(dial, Step.FAILED, facts)
    return None


def _permit(dial: Dial) -> DialAttempt | None:
    """The permit; None: not now, or not any more."""
    try:
        permit = take_permit(dial)
    except CallGone:
        finish(dial)
        return None
    if isinstance(permit, Wait):
        fail(dial, permit.reason, retry_in_s=permit.retry_in_s)
        return None
    return permit


def _sent(dial: Dial, attempt: DialAttempt, carrier_call_id: str) -> None:
    if _attached(dial, attempt, carrier_call_id):
        return
    # Somebody hung up while the request was on its way: nobody waits for this call any more.
    assert dial.call.carrier_account is not None
    try:
        ask_carrier(dial.call.carrier_account, lambda rest: rest.hang_up(carrier_call_id))
    except CarrierError as error:
        logger.warning("A cancelled call could not be hung up", call=dial.pk, code=error.code)


@transaction.atomic
def _attached(dial: Dial, attempt: DialAttempt, carrier_call_id: str) -> bool:
    """Write down the carrier's name for the call. False when the call is over already."""
    call = locked_call(dial.pk)
    note_event(call, Happening("dial.accepted", {"carrier_call_id": carrier_call_id}))
    # A callback may have been faster than the answer.
    if not call.carrier_call_id:
        call.carrier_call_id = carrier_call_id
        call.save(update_fields=["carrier_call_id"])
    attempt.carrier_call_id = carrier_call_id
    if not call.is_over:
        attempt.progress = DialAttempt.Progress.SENT
    attempt.save(update_fields=["carrier_call_id", "progress"])
    finish(dial)
    if call.is_over:
        close_attempts(call)
    return not call.is_over


def _refused(dial: Dial, attempt: DialAttempt, error: CarrierError) -> None:
    call, data = dial.call, {"code": error.code or "", "message": str(error)}
    logger.warning("The carrier did not take a call", call=call.pk, code=error.code)
    if dialled_perhaps(error):
        with transaction.atomic():
            note_event(locked_call(call.pk), Happening("dial.unknown", data))
            doubt_attempt(attempt)
            finish(dial)
        return
    verdict, tries = verdict_on(error), attempts_of(call)
    if verdict.step is None and tries < MAX_TRIES:
        _again(dial, tries, error)
        return
    facts = Facts(
        error_code=f"{call.carrier}_{error.code or 'error'}",
        error_message=str(error),
        blocked_by=verdict.blocked_by,
        end_reason="" if verdict.step in (Step.INVALID_NUMBER, Step.BLOCKED) else "carrier_error",
    )
    _end(dial, verdict.step or Step.FAILED, facts)


@transaction.atomic
def _again(dial: Dial, tries: int, error: CarrierError) -> None:
    """Back to the queue: the request was not processed, so making it again phones nobody twice."""
    close_attempts(dial.call)
    dial.sent_at = None
    dial.save(update_fields=["sent_at"])
    fail(dial, error.code or "refused", retry_in_s=backoff_s(tries, base_s=2, longest_s=60))


@transaction.atomic
def _end(dial: Dial, step: Step, facts: Facts) -> None:
    happening = Happening("dial.refused", {"code": facts.error_code, "message": facts.error_message})
    advance_call(call_id=dial.pk, step=step, happening=happening, facts=facts)
    fail(dial, facts.error_code, retry_in_s=None)

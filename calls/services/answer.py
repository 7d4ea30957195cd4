"""A carrier asks what to do with a call: connect it, refuse it with a sentence, or hang up.

Twilio asks again when an answer was late, so asking twice about one call must not make two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from agents.errors import AgentNotReady
from agents.plan import ResolvedPlan
from calls.models import Call
from calls.plan import plan_of
from calls.services.advance import Facts, Happening, advance_call
from calls.services.progress import Step
from calls.services.refusals import Refusal
from calls.services.tokens import issue_stream_token
from patter_site.common import stopping
from phone_numbers.models import CarrierAccount, PhoneNumber
from phone_numbers.selectors import answering_agent, route_of

logger = structlog.get_logger(__name__)
MAX_UNUSED_TOKENS = 5


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect the caller to the call's media socket, with this one-time token."""

    call: Call
    token: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """There is nothing more to do with this call."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Not now: nobody is here to carry the call. Nothing was written down of it."""


Answer = Connect | Refusal | HangUp | Busy


def answer_inbound(
    *,
    account: CarrierAccount,
    carrier_call_id: str,
    caller: str,
    callee: str,
    custom_params: Mapping[str, str] | None = None,
) -> Answer:
    """Answer somebody who calls one of the account's numbers."""
    call = _known(account, carrier_call_id)
    if call is not None:
        return answer_again(call=call)
    if stopping.takes_no_calls():
        return Busy()
    number = route_of(account, callee)
    organisation = number.organisation if number else account.organisation
    if organisation is None:
        logger.warning("Call to a number that nobody has", carrier_account=account.pk)
        return Refusal("unknown_number", "No organisation has this number.")
    agent, version = answering_agent(number) if number else (None, None)
    new = Call(
        organisation=organisation,
        direction=Call.Direction.INBOUND,
        agent=agent,
        agent_version=version or (agent.published_version if agent else None),
        number=number,
        carrier_account=account,
        carrier=account.carrier,
        carrier_call_id=carrier_call_id,
        from_number=caller[:100],
        to_number=callee[:100],
        custom_params=dict(custom_params or {}),
        simulated=account.simulated,
    )
    try:
        return _take(new, number)
    except IntegrityError:
        # The same webhook, at the same moment, in another process.
        call = _known(account, carrier_call_id)
        return answer_again(call=call) if call else HangUp()


@transaction.atomic
def _take(call: Call, number: PhoneNumber | None) -> Answer:
    call.save(force_insert=True)
    made = _planned(call, number)
    told: dict[str, Any] = {"carrier_call_id": call.carrier_call_id}
    if isinstance(made, ResolvedPlan) and made.unknown_variables:
        told["variables"] = list(made.unknown_variables)
    happening = Happening("carrier.voice", told, "voice")
    call = advance_call(call_id=call.pk, step=Step.RINGING, happening=happening).call
    if isinstance(made, Refusal):
        return _refuse(call, made)
    return Connect(call, issue_stream_token(call))


def answer_outbound(*, call: Call, carrier_call_id: str) -> Answer:
    """The callee picked up, and the carrier fetches what to do."""
    if call.carrier_call_id and call.carrier_call_id != carrier_call_id:
        return HangUp()
    advanced = advance_call(
        call_id=call.pk,
        step=Step.ANSWERED,
        happening=Happening("carrier.voice", {"carrier_call_id": carrier_call_id}, "voice"),
        facts=Facts(carrier_call_id=carrier_call_id),
    )
    return answer_again(call=advanced.call)


@transaction.atomic
def answer_again(*, call: Call, ended_stream: int = 0) -> Answer:
    """What to do with a call that is known: a fresh token while no stream of it is open.

    An open stream keeps its call: whoever repeats the request gets nothing to open a second one with.

    Args:
        ended_stream: the carrier says that the stream of this token is over. The call goes on where it
            was, unless a newer stream was opened since: then the request is an old one, repeated.
    """
    call = Call.objects.of(call.organisation_id).select_for_update().get(pk=call.pk)
    if call.is_over:
        # A refusal is repeated: perhaps the first answer never arrived.
        refused = call.answered_at is None and call.error_code
        return Refusal(call.error_code, call.error_message) if refused else HangUp()
    if call.has_media and ended_stream < call.stream_used:
        return HangUp()
    if call.stream_issued - call.stream_used >= MAX_UNUSED_TOKENS:
        # The carrier cannot open our socket. Going round once more would only cost money.
        _fail(call, Refusal("media_unreachable", "The carrier could not open the media socket."))
        return HangUp()
    made = _planned(call, call.number)
    return _refuse(call, made) if isinstance(made, Refusal) else Connect(call, issue_stream_token(call))


def note_callback_base(call: Call, base: str) -> None:
    """Remember under which address this call's carrier reaches us: the process that carries it needs it."""
    if call.callback_base != base:
        Call.objects.of(call.organisation_id).filter(pk=call.pk).update(callback_base=base)


def _known(account: CarrierAccount, carrier_call_id: str) -> Call | None:
    rows = Call.objects.unscoped("the carrier account was proven by its signature")
    return rows.filter(carrier_account=account, carrier_call_id=carrier_call_id).first()


def _planned(call: Call, number: PhoneNumber | None) -> ResolvedPlan | Refusal:
    """How the call would be carried, or why it is not."""
    if not call.organisation.is_active:
        return Refusal("organisation_inactive", "This organisation is closed.")
    if call.direction == Call.Direction.INBOUND and number is None:
        return Refusal(
            "unknown_number", f"{call.to_number} is not among the numbers of this carrier account. Add it."
        )
    try:
        return plan_of(call)
    except AgentNotReady as error:
        return Refusal(error.code, error.message)


def _refuse(call: Call, refusal: Refusal) -> Refusal:
    _fail(call, refusal)
    return refusal


def _fail(call: Call, refusal: Refusal) -> None:
    advance_call(
        call_id=call.pk,
        step=Step.FAILED,
        happening=Happening("call.refused", {"code": refusal.code, "message": refusal.message}),
        facts=Facts(error_code=refusal.code, error_message=refusal.message, end_reason="failed"),
    )

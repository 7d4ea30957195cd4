"""Asking a live call to do something, from outside: hang up, say a text."""

from __future__ import annotations

from django.db import transaction

from calls.models import Call, Dial
from calls.services.advance import Facts, Happening, advance_call, locked_call, note_event
from calls.services.progress import Step
from patter.bridge.away import digits_problem
from patter.errors import CarrierError
from patter_site.common.bus import publish
from patter_site.common.errors import Conflict, ValidationProblem
from phone_numbers.carrier import ask_carrier
from phone_numbers.errors import CarrierRefused

MAX_SAY_CHARS = 2000


class CallOver(Conflict):
    code = "call_over"
    message = "This call is over."


class NoMedia(Conflict):
    code = "call_not_connected"
    message = "Nobody is on the line: this call is not connected."


def group_of(call_id: str) -> str:
    """The bus address of the process that carries a call."""
    return f"call.{call_id}"


def hang_up_call(*, call: Call, reason: str = "api_hung_up") -> Call:
    """End a call. The process that carries it does so; where there is none, the carrier is asked.

    Never inside a transaction. Raises CallOver and CarrierRefused.
    """
    call = _asked(call, reason)
    if call.is_over:
        return call
    if call.has_media:
        publish(group_of(call.pk), {"type": "call.hang_up", "reason": reason})
        return call
    if call.carrier_call_id:
        end_at_carrier(call)
    return _hung_up(call.pk, reason)


@transaction.atomic
def _hung_up(call_id: str, reason: str) -> Call:
    """The row as it is now decides: somebody may have answered while the carrier was asked."""
    answered = locked_call(call_id).answered_at is not None
    facts = Facts(end_reason=reason if answered else "cancelled")
    step = Step.COMPLETED if answered else Step.CANCELLED
    happening = Happening("call.hung_up", {"reason": reason}, "api:hung_up")
    return advance_call(call_id=call_id, step=step, happening=happening, facts=facts).call


def say_on_call(*, call: Call, text: str) -> None:
    """Let the agent say a text now. Raises CallOver, and NoMedia while nobody is on the line."""
    if call.is_over:
        raise CallOver()
    if not call.has_media:
        raise NoMedia()
    publish(group_of(call.pk), {"type": "call.say", "text": text})


def send_digits_on_call(*, call: Call, digits: str) -> None:
    """Press keys towards the far end. Raises CallOver, NoMedia and ValidationProblem."""
    problem = digits_problem(digits)
    if problem is not None:
        raise ValidationProblem("Check the fields.", fields={"digits": [problem]})
    if call.is_over:
        raise CallOver()
    if not call.has_media:
        raise NoMedia()
    publish(group_of(call.pk), {"type": "call.digits", "digits": digits})


@transaction.atomic
def _asked(call: Call, reason: str) -> Call:
    """Note the wish; a call that was not sent to the carrier yet ends right here."""
    call = locked_call(call.pk)
    if call.is_over:
        raise CallOver()
    note_event(call, Happening("call.hang_up_asked", {"reason": reason}))
    waiting = Dial.objects.of(call.organisation_id).filter(pk=call.pk, sent_at=None)
    if waiting.update(state=Dial.State.DONE):
        happening = Happening("call.cancelled", {"reason": reason}, "cancelled")
        return advance_call(call_id=call.pk, step=Step.CANCELLED, happening=happening).call
    return call


def end_at_carrier(call: Call) -> None:
    """Ask the carrier to hang up. Never inside a transaction. Raises CarrierRefused."""
    if call.carrier_account is None:
        return
    try:
        ask_carrier(call.carrier_account, lambda rest: rest.hang_up(call.carrier_call_id))
    except CarrierError as error:
        raise CarrierRefused(str(error)) from error

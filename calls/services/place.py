"""Placing a call: checked, written down, and dialled by a job of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents.models import Agent
from calls.models import Call, Dial
from calls.plan import plan_of
from calls.services.advance import Happening, note_event
from calls.tasks import dial as dial_task
from patter.carriers.params import as_text
from patter_site.accounts.models import Organisation
from patter_site.common.e164 import NotANumber, checked_e164
from patter_site.common.errors import Conflict, NotAllowed, ValidationProblem
from patter_site.common.jobs import wake
from phone_numbers.models import PhoneNumber
from phone_numbers.selectors import answering_agent, numbers_of


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """What a call may be told besides whom to call. Empty values leave it to the agent.

    ``reply_to`` is the bus address of the connection that asks.
    """

    first_message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    custom_params: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    machine_detection: bool | None = None
    on_machine: str = ""
    voicemail_message: str = ""
    record: bool | None = None
    max_duration_s: int | None = None
    ring_s: int | None = None
    scheduled_at: datetime | None = None
    reply_to: str = ""


@transaction.atomic
def place_call(
    *,
    organisation: Organisation,
    to: str,
    from_: str = "",
    agent: Agent | None = None,
    options: PlaceOptions | None = None,
    callback_base: str = "",
) -> Call:
    """Write down a call and let it be dialled after the transaction.

    Args:
        to: whom to call, E.164.
        from_: one of the organisation's numbers; left out, the agent's oldest number, else the oldest of all.
        agent: who speaks; left out, whoever answers the number that calls.
        callback_base: the https base that the carrier calls back; PATTER_PUBLIC_URL when left out.

    Raises ValidationProblem, AgentNotReady, NotAllowed and Conflict, each with what to change.
    """
    options = options or PlaceOptions()
    if not organisation.is_active:
        raise NotAllowed("This organisation is closed.", code="organisation_closed")
    base = callback_base or settings.PATTER_PUBLIC_URL
    if not base:
        raise Conflict("Set PATTER_PUBLIC_URL, so that the carrier can call back.", code="public_url_missing")
    callee = _callee(to)
    number = _calling_number(organisation, from_, agent)
    agent, version = (agent, None) if agent else answering_agent(number)
    call = _new_call(number, agent, version or agent.published_version, callee, options)
    resolved = plan_of(call)
    answering = resolved.plan.answering
    if options.machine_detection is not False:
        call.machine_detection = answering.detect
        call.on_machine = answering.on_machine if answering.detect else ""
    call.callback_base = base
    call.save(force_insert=True)
    unknown = {"variables": list(resolved.unknown_variables)}
    note_event(call, Happening("call.placed", unknown if resolved.unknown_variables else {}))
    due_at = options.scheduled_at or timezone.now()
    Dial.objects.create(organisation=organisation, call=call, callback_base=base, due_at=due_at)
    if call.status == Call.Status.QUEUED:
        wake(dial_task, call.pk)
    return call


def _callee(to: str) -> str:
    try:
        return checked_e164(to)
    except NotANumber as error:
        raise _wrong("to", str(error)) from None


def _calling_number(organisation: Organisation, from_: str, agent: Agent | None) -> PhoneNumber:
    numbers = numbers_of(organisation).order_by("pk")
    if from_:
        return _named_number(organisation, from_)
    own = numbers.filter(agent=agent).first() if agent else None
    number = own or numbers.first()
    if number is None:
        raise _wrong("from", "This organisation has no number to call from. Add one first.")
    return number


def _named_number(organisation: Organisation, from_: str) -> PhoneNumber:
    try:
        wanted = checked_e164(from_)
    except NotANumber as error:
        raise _wrong("from", str(error)) from None
    number = numbers_of(organisation).filter(number=wanted).order_by("pk").first()
    if number is None:
        raise _wrong("from", f"{wanted} is not one of this organisation's numbers.")
    return number


def _new_call(
    number: PhoneNumber, agent: Agent, version: int | None, callee: str, options: PlaceOptions
) -> Call:
    scheduled = options.scheduled_at is not None and options.scheduled_at > timezone.now()
    return Call(
        organisation=number.organisation,
        direction=Call.Direction.OUTBOUND,
        status=Call.Status.SCHEDULED if scheduled else Call.Status.QUEUED,
        agent=agent,
        agent_version=version,
        number=number,
        carrier_account=number.carrier_account,
        carrier=number.carrier_account.carrier,
        from_number=number.number,
        to_number=callee,
        simulated=number.carrier_account.simulated,
        machine_detection=bool(options.machine_detection),
        # Nobody listens for machines, so whatever the agent does about them is not done.
        on_machine="continue" if options.machine_detection is False else options.on_machine,
        first_message=options.first_message,
        variables=dict(options.variables),
        custom_params={name: as_text(value) for name, value in options.custom_params.items()},
        metadata=dict(options.metadata),
        voicemail_message=options.voicemail_message,
        record=options.record,
        max_duration_s=options.max_duration_s,
        ring_s=options.ring_s,
        scheduled_at=options.scheduled_at,
        reply_to=options.reply_to,
    )


def _wrong(field_name: str, sentence: str) -> ValidationProblem:
    return ValidationProblem(f"{field_name}: {sentence}", fields={field_name: [sentence]})

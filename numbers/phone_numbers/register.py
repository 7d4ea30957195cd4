"""Bringing a number in one step: its carrier account, the keys of its voices, the agent, the number itself.

For a program that connects with its carrier's keys (``connect(provider=…)``). What is there already is
found again by carrier account and number, so that doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from agents.models import Agent
from agents.providers import PROVIDERS, Role
from agents.selectors import agents_of, credentials_of, published_config
from agents.services import change_credential, change_draft, create_agent, create_credential, publish_agent
from agents.specs import usable_choice
from patter_site.accounts.models import Organisation
from phone_numbers.configure import configure_number
from phone_numbers.errors import NotConfigurable, NumberBound
from phone_numbers.models import CarrierAccount, PhoneNumber
from phone_numbers.selectors import carrier_accounts_of, numbers_of
from phone_numbers.services import change_carrier_account, create_carrier_account, create_number

logger = structlog.get_logger(__name__)
IDENTITY = {"twilio": "account_sid", "telnyx": "connection_id"}
"""What makes an account the same as one that is stored."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A provider's settings as an agent has them, and its key where one was given."""

    settings: Mapping[str, Any]
    api_key: str = field(default="", repr=False)
    base_url: str = ""


def register_number(
    *,
    organisation: Organisation,
    number: str,
    carrier: str,
    account: Mapping[str, str],
    stt: Voice | None = None,
    tts: Voice | None = None,
    replace: bool = False,
) -> PhoneNumber:
    """Bring a number, answered by a handler. Never inside a transaction.

    Args:
        account: the fields of the carrier account, secrets included.
        replace: take the number over from an agent of the dashboard, and its address at the carrier.

    Raises NumberBound, VoiceUrlTaken, CarrierRefused.
    """
    with transaction.atomic():
        kept = _account(organisation, carrier, account)
        for voice in (stt, tts):
            _keep_key(organisation, voice)
        row = _number(organisation, number, kept, stt, tts, replace)
    try:
        configure_number(number=row, base_url=settings.PATTER_PUBLIC_URL, replace=replace)
    except NotConfigurable as error:  # the number is there; its calls are sent here by hand
        logger.warning("A number was registered and not set up at its carrier", number=row.pk, why=str(error))
    return row


def _account(organisation: Organisation, carrier: str, fields: Mapping[str, str]) -> CarrierAccount:
    identity = IDENTITY[carrier]
    mine = carrier_accounts_of(organisation).filter(carrier=carrier, **{identity: fields[identity]})
    found = mine.order_by("pk").first()
    if found is None:
        return create_carrier_account(organisation=organisation, carrier=carrier, **fields)
    if any(getattr(found, name) != value for name, value in fields.items()):
        return change_carrier_account(account=found, changes=fields)
    return found


def _keep_key(organisation: Organisation, voice: Voice | None) -> None:
    if voice is None or not voice.api_key:
        return
    provider = PROVIDERS[voice.settings["provider"]]
    name = provider.credential or provider.name
    given = {"api_key": voice.api_key, "base_url": voice.base_url}
    found = credentials_of(organisation).filter(provider=name).order_by("-id").first()
    if found is None:
        create_credential(organisation=organisation, provider=name, **given)
    elif any(getattr(found, field) != value for field, value in given.items()):
        change_credential(credential=found, changes=given)


def _number(
    organisation: Organisation,
    number: str,
    account: CarrierAccount,
    stt: Voice | None,
    tts: Voice | None,
    replace: bool,
) -> PhoneNumber:
    own_name = f"Handler of {number}"
    row = numbers_of(organisation).filter(carrier_account=account, number=number).first()
    bound = row.agent if row is not None else None
    if bound is not None and bound.archived_at is None and bound.name != own_name and not replace:
        raise NumberBound(number, bound.name)
    agent = _agent(organisation, own_name, stt, tts) if stt or tts else None
    if row is None:
        return create_number(organisation=organisation, number=number, carrier_account=account, agent=agent)
    if row.agent_id != (agent.pk if agent else None) or row.agent_version is not None:
        row.agent, row.agent_version = agent, None
        row.save(update_fields=["agent", "agent_version", "updated_at"])
    return row


def _agent(organisation: Organisation, name: str, stt: Voice | None, tts: Voice | None) -> Agent:
    """The agent behind the handler: it only hears and speaks."""
    stages: dict[Role, Voice | None] = {"stt": stt, "tts": tts}
    wanted: dict[str, Any] = {"name": name, "mode": "pipeline", "reply_by": "handler"}
    for role, voice in stages.items():
        wanted[role] = dict(voice.settings) if voice else usable_choice(organisation.pk, role)
    if stt is not None and stt.settings.get("language"):
        wanted["language"] = stt.settings["language"]
    found = agents_of(organisation).filter(name=name).order_by("pk").first()
    if found is None:
        return create_agent(organisation=organisation, config=wanted)
    if any(published_config(found).get(field) != value for field, value in wanted.items()):
        return publish_agent(agent=change_draft(agent=found, changes=wanted))
    return found

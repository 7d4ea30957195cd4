"""The calls' part of the cast: Ada's agent, account and number, and a Twilio that signs what it posts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from agents.models import Agent
from agents.services import create_agent
from calls.addresses import public_base
from calls.models import Call
from patter.carriers.twilio.signature import HEADER, sign
from patter_site.accounts.models import Organisation
from phone_numbers.models import CarrierAccount, PhoneNumber
from phone_numbers.services import create_carrier_account, create_number

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
NUMBER = "+15550002222"
FORM = "application/x-www-form-urlencoded"
CALLER = "+15550001111"
OFFLINE = {"stt": {"provider": "offline"}, "tts": {"provider": "offline"}, "llm": {"provider": "offline"}}


def make_agent(organisation: Organisation, **config: Any) -> Agent:
    """A published agent that needs no account anywhere."""
    return create_agent(organisation=organisation, config={"name": "Ada's agent", **OFFLINE, **config})


def make_account(
    organisation: Organisation, account_sid: str = ACCOUNT_SID, auth_token: str = AUTH_TOKEN
) -> CarrierAccount:
    return create_carrier_account(
        organisation=organisation, carrier="twilio", account_sid=account_sid, auth_token=auth_token
    )


def make_number(
    organisation: Organisation,
    account: CarrierAccount | None = None,
    agent: Agent | None = None,
    number: str = NUMBER,
) -> PhoneNumber:
    """A number with its account; without an agent it gets one of its own."""
    return create_number(
        organisation=organisation,
        number=number,
        carrier_account=account or make_account(organisation),
        agent=agent or make_agent(organisation),
    )


def make_call(organisation: Organisation, **fields: Any) -> Call:
    """A call as it stands in the table, without any of its history."""
    given = {"direction": Call.Direction.INBOUND, "status": Call.Status.RINGING, **fields}
    return Call.objects.create(organisation=organisation, **given)


class Twilio:
    """Posts to our doors as Twilio does: signed, with the fields that it always sends."""

    def __init__(self, account: CarrierAccount | None = None, *, token: str = AUTH_TOKEN) -> None:
        self.account, self.token = account, token
        self.client = Client()

    def voice(self, sid: str = "CA1", query: dict[str, str] | None = None, **fields: str) -> Any:
        given = {"CallSid": sid, "CallStatus": "ringing", "Direction": "inbound"}
        return self.post("voice", query, **{**given, "From": CALLER, "To": NUMBER, **fields})

    def status(self, sid: str, status: str, sequence: str = "", **fields: str) -> Any:
        return self.post("status", None, CallSid=sid, CallStatus=status, SequenceNumber=sequence, **fields)

    def post(self, door: str, query: dict[str, str] | None = None, **fields: str) -> Any:
        """``account=None`` uses the bare address. Fields override what is sent always."""
        middle = f"/{self.account.pk}" if self.account else ""
        path = f"/webhooks/twilio{middle}/{door}" + (f"?{urlencode(query)}" if query else "")
        form = {"AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01", **fields}
        signature = sign(self.token, public_base() + path, form.items())
        return self.client.post(path, urlencode(form), content_type=FORM, headers={HEADER: signature})

"""Telnyx's part of the cast: an account whose webhooks can be signed, and a carrier that answers commands."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from calls.tests.cast import CALLER, NUMBER, make_number
from patter.carriers.telnyx.commands import encode_state
from patter.carriers.telnyx.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from patter.simulators.telnyx.world import SigningKey
from patter_site.accounts.models import Organisation
from phone_numbers.models import CarrierAccount, PhoneNumber
from phone_numbers.services import create_carrier_account

KEY = SigningKey(bytes(range(32)))
CONNECTION = "1494404757140276705"
LEG = "v3:leg-1"


def make_telnyx_account(organisation: Organisation, connection_id: str = CONNECTION) -> CarrierAccount:
    return create_carrier_account(
        organisation=organisation,
        carrier="telnyx",
        api_key="KEY0123",
        public_key=KEY.public_key,
        connection_id=connection_id,
    )


def make_telnyx_number(organisation: Organisation) -> PhoneNumber:
    return make_number(organisation, account=make_telnyx_account(organisation))


class Telnyx:
    """Posts to our door as Telnyx does: signed, with the fields that it always sends."""

    def __init__(self, account: CarrierAccount | None = None, *, key: SigningKey = KEY) -> None:
        self.account, self.key = account, key
        self.client = Client()

    def tell(
        self, kind: str, *, event_id: str = "", ours: str = "", occurred_at: str = "", **payload: Any
    ) -> Any:
        """One event about the leg; ``ours`` is the text of its client_state."""
        given = {"call_control_id": LEG, "connection_id": CONNECTION, "from": CALLER, "to": NUMBER}
        if ours:
            given["client_state"] = encode_state(ours)
        data = {
            "id": event_id or str(uuid.uuid4()),
            "event_type": kind,
            "occurred_at": occurred_at or datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "payload": {**given, **payload},
        }
        return self.post(json.dumps({"data": data, "meta": {"attempt": 1}}).encode())

    def initiated(self, **more: Any) -> Any:
        return self.tell("call.initiated", **{"direction": "incoming", "state": "parked", **more})

    def post(self, body: bytes, *, at: float | None = None, signature: str = "") -> Any:
        """``account=None`` uses the bare address."""
        timestamp = str(int(time.time() if at is None else at))
        path = "/webhooks/telnyx" + (f"/{self.account.pk}" if self.account else "")
        headers = {
            SIGNATURE_HEADER: signature or self.key.sign(timestamp, body),
            TIMESTAMP_HEADER: timestamp,
        }
        return self.client.post(path, body, content_type="application/json", headers=headers)

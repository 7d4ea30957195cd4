"""How each carrier is asked to dial, and what it calls the call then. Explicit: one line for each carrier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from agents.selectors import version_of
from calls.addresses import callback_url
from calls.models import Call
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.detection import OFF
from patter.carriers.telnyx.words import sip_headers
from patter.turn_taking import resolved_values
from phone_numbers.carrier import ask_telnyx, ask_twilio
from phone_numbers.configure import webhook_address
from phone_numbers.models import Carrier

SHORTEST_RING_S = 5
"""Telnyx rings no shorter."""

Request = Callable[[], str]
"""Makes the request and gives the carrier's id of the call. Never in a transaction. Raises CarrierError."""


def dial_request(call: Call, base: str, limit_s: int) -> Request:
    """The request for a call, ready to be made. Raises ConfigError for what the carrier would refuse.

    ``limit_s`` is the carrier's own limit of the call's length: a guard against a call that nobody hangs up.
    """
    return REQUESTS[call.carrier](call, base, limit_s)


def ring_seconds(call: Call) -> int:
    """How long it may ring: as the call says, else as the agent says."""
    if call.ring_s:
        return call.ring_s
    version = version_of(call.agent, call.agent_version) if call.agent else None
    settings = version.config.get("turn_taking", {}) if version else {}
    return int(resolved_values(settings)["ring_s"])


# -- Twilio ---------------------------------------------------------------------------------------


def _twilio(call: Call, base: str, limit_s: int) -> Request:
    account = call.carrier_account
    assert account is not None
    asked: dict[str, Any] = {
        "to": call.to_number,
        "from_": call.from_number,
        "url": callback_url(call, "voice", base),
        "status_callback": callback_url(call, "status", base),
        "timeout_s": ring_seconds(call),
        "time_limit_s": limit_s,
        "options": machine_options(call, callback_url(call, "amd", base)),
    }
    return lambda: ask_twilio(account, lambda rest: rest.create_call(**asked)).sid


def machine_options(call: Call, amd_url: str) -> dict[str, str]:
    """Twilio's parameters for finding out whether a machine answered, beside the conversation."""
    if not call.machine_detection:
        return {}
    # Whatever is to be said to a machine is said after its greeting.
    message = call.on_machine in (Call.OnMachine.LEAVE_MESSAGE, Call.OnMachine.ASK)
    return {
        "MachineDetection": "DetectMessageEnd" if message else "Enable",
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": amd_url,
        "AsyncAmdStatusCallbackMethod": "POST",
    }


# -- Telnyx ---------------------------------------------------------------------------------------


def _telnyx(call: Call, base: str, limit_s: int) -> Request:
    account = call.carrier_account
    assert account is not None
    command = commands.dial(
        connection_id=account.connection_id,
        to=call.to_number,
        from_=call.from_number,
        # The same for every try: Telnyx dials once, however often it is asked.
        command_id=call.pk,
        client_state=call.pk,
        webhook_url=webhook_address(account, base_url=base),
        timeout_s=max(SHORTEST_RING_S, ring_seconds(call)),
        time_limit_s=limit_s,
        detection=settings.PATTER_TELNYX_DETECTION if call.machine_detection else OFF,
        headers=sip_headers(call.custom_params),
    )
    return lambda: ask_telnyx(account, lambda rest: rest.dial(command)).call_control_id


REQUESTS: Mapping[str, Callable[[Call, str, int], Request]] = {
    Carrier.TWILIO.value: _twilio,
    Carrier.TELNYX.value: _telnyx,
}

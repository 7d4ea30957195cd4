"""One simulated call to a running platform: whom to ring, what to say, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings

from calls.models import Call
from calls.selectors import transcript_of
from patter.simulators.carrier.faults import CarrierFaults
from patter.simulators.demo import STEPS
from patter.simulators.telnyx import Faults as TelnyxFaults
from patter.simulators.telnyx.world import SigningKey
from patter.simulators.twilio import Faults as TwilioFaults
from patter_site.operations.simulator import Simulator
from phone_numbers.configure import webhook_address
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber

Say = Callable[[str], None]
SETTLES_WITHIN_S = 5.0
UNKNOWN_ACCOUNT = "AC" + "0" * 32


class CannotCall(Exception):
    """The call cannot be placed. The text says what to give."""


class Target(Protocol):
    """Where the simulated carrier rings, as which account."""

    @property
    def number(self) -> str: ...

    @property
    def is_ours(self) -> bool:
        """Whether this installation answers, and so has a transcript of it."""

    @property
    def root(self) -> str:
        """The carrier's part of the simulator's addresses: empty for Twilio, ``telnyx/``."""

    def register(self, simulator: Simulator) -> None:
        """Make account and number known to the simulator."""


@dataclass(frozen=True)
class TwilioTarget:
    number: str
    account_sid: str
    auth_token: str
    voice_url: str
    status_url: str
    is_ours: bool = False
    root: str = ""

    def register(self, simulator: Simulator) -> None:
        simulator.tell("accounts", account_sid=self.account_sid, auth_token=self.auth_token)
        simulator.tell(
            "numbers",
            number=self.number,
            account_sid=self.account_sid,
            voice_url=self.voice_url,
            status_callback=self.status_url,
        )


@dataclass(frozen=True)
class TelnyxTarget:
    number: str
    api_key: str
    connection_id: str
    webhook_url: str
    is_ours: bool = False
    root: str = "telnyx/"

    def register(self, simulator: Simulator) -> None:
        simulator.tell("telnyx/accounts", api_key=self.api_key)
        connection = {"connection_id": self.connection_id, "api_key": self.api_key}
        simulator.tell("telnyx/applications", **connection, webhook_url=self.webhook_url)
        simulator.tell("telnyx/numbers", number=self.number, **connection)


@dataclass(frozen=True)
class Placed:
    """What the command line asked for."""

    caller: str
    steps: Sequence[Mapping[str, Any]]
    profile: Sequence[str] = field(default_factory=tuple)
    faults: Mapping[str, Any] = field(default_factory=dict)
    longest_s: float = 120.0


def find_target(
    *, number: str, url: str, auth_token: str, account_sid: str = "", carrier: str = Carrier.TWILIO
) -> Target:
    """The platform's doors for a number; what is not given is read from this installation.

    Args:
        auth_token: the account's secret: Twilio's auth token, Telnyx's API key.
        account_sid: the account's name: Twilio's account SID, Telnyx's connection id.

    Raises CannotCall.
    """
    rows = PhoneNumber.objects.unscoped("the operator of this installation calls one of its numbers")
    found = rows.select_related("carrier_account").filter(number=number, carrier_account__carrier=carrier)
    account = found[0].carrier_account if found else None
    base = (url or settings.PATTER_PUBLIC_URL or "http://127.0.0.1:8000").rstrip("/")
    if carrier == Carrier.TELNYX:
        return _telnyx_target(number, base, account, auth_token, account_sid)
    token = auth_token or (account.auth_token if account else "")
    if not token:
        raise CannotCall(
            f"{number} is on no Twilio account of this installation. Give --auth-token (and --account-sid) "
            "of the account that the platform at --url knows, or add the number first."
        )
    sid = account_sid or (account.account_sid if account else UNKNOWN_ACCOUNT)
    if urlsplit(base).path:  # a whole webhook address was given
        status = base.rsplit("/", 1)[0] + "/status"
        return TwilioTarget(number, sid, token, base, status, is_ours=account is not None)
    if account is not None:
        return TwilioTarget(
            number,
            sid,
            token,
            webhook_address(account, "voice", base),
            webhook_address(account, "status", base),
            is_ours=True,
        )
    return TwilioTarget(number, sid, token, f"{base}/webhooks/twilio/voice", f"{base}/webhooks/twilio/status")


def _telnyx_target(
    number: str, base: str, account: CarrierAccount | None, api_key: str, connection_id: str
) -> TelnyxTarget:
    api_key = api_key or (account.api_key if account else "")
    connection_id = connection_id or (account.connection_id if account else "")
    if not api_key or not connection_id:
        raise CannotCall(
            f"{number} is on no Telnyx account of this installation. Give --auth-token (the API key) and "
            "--account-sid (the connection id) of the account that the platform at --url knows, or add the "
            "number first."
        )
    signs = SigningKey.of(api_key).public_key
    if account is not None and account.public_key != signs:
        raise CannotCall(
            "Telnyx's webhooks are signed with a key that only Telnyx has. To play this account's carrier "
            f"here, let it be a simulated one: its public key is {signs} then."
        )
    own = webhook_address(account, base_url=base) if account else f"{base}/webhooks/telnyx"
    address = base if urlsplit(base).path else own
    return TelnyxTarget(number, api_key, connection_id, address, is_ours=account is not None)


FAULTS: Mapping[str, type[CarrierFaults]] = {"twilio": TwilioFaults, "telnyx": TelnyxFaults}


def faults_of(carrier: str, words: Sequence[str]) -> Mapping[str, Any]:
    """What goes wrong on purpose, as the command line says it. Raises CannotCall."""
    try:
        return FAULTS[carrier].given_in(words)
    except ValueError as error:
        raise CannotCall(f"{error}. docs/reference/carrier-faults.md lists the faults.") from None


def default_steps(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was asked for, then the end of it once the agent has finished. Nothing: the demo's talk."""
    if not steps:
        return list(STEPS)
    return [*steps, {"wait_ms": 300}, {"hang_up": True}]


def place(*, simulator: Simulator, target: Target, placed: Placed, say: Say) -> dict[str, Any]:
    """Ring, follow the call to its end, and give the result as one JSON-able object."""
    target.register(simulator)
    started = simulator.tell(
        f"{target.root}calls",
        **{
            "to": target.number,
            "from": placed.caller,
            "steps": default_steps(placed.steps),
            "profile": list(placed.profile),
            "faults": dict(placed.faults),
            "time_limit_s": placed.longest_s,
        },
    )
    sid = started["call_sid"]
    for fact in simulator.facts(sid, target.root):
        if line := describe(fact):
            say(line)
    result = dict(simulator.ask(f"{target.root}calls/{sid}"))
    result["transcript"] = wait_for_transcript(sid) if target.is_ours else None
    return result


def describe(fact: Mapping[str, Any]) -> str:
    """One line for people, or nothing."""
    data = fact.get("data", fact)
    seconds = fact.get("at_ms", 0) / 1000
    match fact.get("kind"):
        case "said":
            text = f"caller says: {data.get('text')}"
        case "digit":
            text = f"caller presses {data.get('digit')}"
        case "agent_started":
            text = "agent speaks"
        case "agent_stopped":
            text = f"agent spoke for {data.get('duration_ms', 0) / 1000:.1f} s"
        case "turn_latency":
            text = f"reply after {data.get('ms')} ms"
        case "cleared":
            text = "agent was cut"
        case "trouble":
            text = f"carrier reports {data.get('code')}: {data.get('text')}"
        case "ended":
            text = f"ended: {data.get('cause')}"
        case _:
            return ""
    return f"{seconds:7.2f}  {text}"


def wait_for_transcript(carrier_call_id: str) -> dict[str, Any] | None:
    """What the platform wrote down, when it is this installation that answered; else None."""
    give_up = time.monotonic() + SETTLES_WITHIN_S
    rows = Call.objects.unscoped("the operator of this installation called one of its numbers")
    while True:
        call = rows.filter(carrier_call_id=carrier_call_id).first()
        if call is not None and call.announced_at:
            break
        if time.monotonic() > give_up:
            break
        time.sleep(0.1)
    if call is None:
        return None
    return {
        "call_id": call.pk,
        "status": call.status,
        "outcome": call.outcome,
        "end_reason": call.end_reason,
        "error": {"code": call.error_code, "message": call.error_message} if call.error_code else None,
        "turns": transcript_of(call),
    }

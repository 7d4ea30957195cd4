"""One simulated call to a running platform: whom to ring, what to say, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from calls.models import Call
from calls.selectors import transcript_of
from patter.simulators.demo import STEPS
from patter_site.operations.simulator import Simulator
from phone_numbers.configure import webhook_address
from phone_numbers.models import PhoneNumber

Say = Callable[[str], None]
SETTLES_WITHIN_S = 5.0
UNKNOWN_ACCOUNT = "AC" + "0" * 32


class CannotCall(Exception):
    """The call cannot be placed. The text says what to give."""


@dataclass(frozen=True)
class Target:
    """Where the simulated carrier rings, as which account."""

    number: str
    account_sid: str
    auth_token: str
    voice_url: str
    status_url: str


@dataclass(frozen=True)
class Placed:
    """What the command line asked for."""

    caller: str
    steps: Sequence[Mapping[str, Any]]
    profile: Sequence[str] = field(default_factory=tuple)
    longest_s: float = 120.0


def find_target(*, number: str, url: str, auth_token: str, account_sid: str = "") -> Target:
    """The platform's doors for a number; what is not given is read from this installation.

    Raises CannotCall.
    """
    rows = PhoneNumber.objects.unscoped("the operator of this installation calls one of its numbers")
    found = rows.select_related("carrier_account").filter(number=number, carrier_account__carrier="twilio")
    account = found[0].carrier_account if found else None
    token = auth_token or (account.auth_token if account else "")
    if not token:
        raise CannotCall(
            f"{number} is on no Twilio account of this installation. Give --auth-token (and --account-sid) "
            "of the account that the platform at --url knows, or add the number first."
        )
    base = (url or settings.PATTER_PUBLIC_URL or "http://127.0.0.1:8000").rstrip("/")
    sid = account_sid or (account.account_sid if account else UNKNOWN_ACCOUNT)
    if urlsplit(base).path:  # a whole webhook address was given
        status = base.rsplit("/", 1)[0] + "/status"
        return Target(number, sid, token, base, status)
    if account is not None:
        return Target(
            number,
            sid,
            token,
            webhook_address(account, "voice", base),
            webhook_address(account, "status", base),
        )
    return Target(number, sid, token, f"{base}/webhooks/twilio/voice", f"{base}/webhooks/twilio/status")


def default_steps(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was asked for, then the end of it once the agent has finished. Nothing: the demo's talk."""
    if not steps:
        return list(STEPS)
    return [*steps, {"wait_ms": 300}, {"hang_up": True}]


def place(*, simulator: Simulator, target: Target, placed: Placed, say: Say) -> dict[str, Any]:
    """Ring, follow the call to its end, and give the result as one JSON-able object."""
    simulator.tell("accounts", account_sid=target.account_sid, auth_token=target.auth_token)
    simulator.tell(
        "numbers",
        number=target.number,
        account_sid=target.account_sid,
        voice_url=target.voice_url,
        status_callback=target.status_url,
    )
    started = simulator.tell(
        "calls",
        **{
            "to": target.number,
            "from": placed.caller,
            "account_sid": target.account_sid,
            "steps": default_steps(placed.steps),
            "profile": list(placed.profile),
            "time_limit_s": placed.longest_s,
        },
    )
    sid = started["call_sid"]
    for fact in simulator.facts(sid):
        if line := describe(fact):
            say(line)
    result = dict(simulator.ask(f"calls/{sid}"))
    result["transcript"] = wait_for_transcript(sid)
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
            text = f"carrier reports {data.get('code')}: {data.get('message')}"
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

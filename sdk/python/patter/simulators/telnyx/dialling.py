"""A dial as the application asked for it, checked with Telnyx's own refusals. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.carriers.telnyx.detection import MODES
from patter.simulators.telnyx.commands import (
    E164,
    WEBHOOK,
    check_fields,
    check_headers,
    check_state,
    check_webhook,
)
from patter.simulators.telnyx.refusals import RefusalError
from patter.simulators.telnyx.world import Account, Application, World

REQUIRED = frozenset({"connection_id", "to", "from"})
FIELDS = (
    REQUIRED
    | WEBHOOK
    | frozenset(
        "command_id client_state timeout_secs time_limit_secs answering_machine_detection "
        "answering_machine_detection_config send_silence_when_idle custom_headers link_to from_display_name "
        "bridge_on_answer bridge_intent park_after_unbridge send_digits_on_answer record record_channels "
        "record_format preferred_codecs".split()
    )
)
# Country by the number's first digits, as far as tests call.
COUNTRIES = (("+1", "US"), ("+44", "GB"), ("+49", "DE"), ("+33", "FR"), ("+7", "RU"), ("+91", "IN"))


@dataclass(frozen=True, slots=True)
class DialRequest:
    application: Application
    to: str
    from_: str
    client_state: str | None
    webhook_url: str
    timeout_s: float
    time_limit_s: float
    detection: str
    headers: tuple[dict[str, str], ...]
    sends_silence: bool
    command_id: str


def read_dial(body: Mapping[str, Any], account: Account, world: World, running: int) -> DialRequest:
    """Raises RefusalError."""
    check_fields(body, FIELDS, REQUIRED)
    check_webhook(body)
    application = world.applications.get(str(body["connection_id"]))
    if application is None or application.account is not account or not application.active:
        detail = "The requested connection_id (Call Control App ID) is either invalid or does not exist."
        raise RefusalError(422, "10015", "Invalid value for connection_id", detail, "/connection_id")
    to, from_ = str(body["to"]), str(body["from"])
    for name, number in (("to", to), ("from", from_)):
        if not E164.fullmatch(number):
            detail = f"The '{name}' parameter must be in E.164 format."
            raise RefusalError(422, "10016", "Phone number must be in +E164 format", detail, f"/{name}")
    _check_profile(application, account, world, to, from_, running)
    detection = str(body.get("answering_machine_detection") or "disabled")
    if detection not in MODES:
        raise RefusalError(422, "10032", "Invalid enumerated value", "answering_machine_detection")
    state = body.get("client_state")
    return DialRequest(
        application=application,
        to=to,
        from_=from_,
        client_state=check_state(state) if state is not None else None,
        webhook_url=str(body.get("webhook_url") or application.webhook_url),
        timeout_s=_seconds(body, "timeout_secs", 30, 5, 600),
        time_limit_s=_seconds(body, "time_limit_secs", 14_400, 30, 14_400),
        detection=detection,
        headers=tuple(check_headers(body.get("custom_headers") or [])),
        sends_silence=body.get("send_silence_when_idle") is True,
        command_id=str(body.get("command_id") or ""),
    )


def _check_profile(
    application: Application, account: Account, world: World, to: str, from_: str, running: int
) -> None:
    profile = application.profile
    if profile is None or not profile.enabled:
        detail = "Only Call Control Apps with valid Outbound Voice Profile can make calls D38"
        raise RefusalError(403, "10010", "Authorization failed", detail)
    country = next((code for start, code in COUNTRIES if to.startswith(start)), "US")
    if country not in profile.destinations:
        detail = f"Dialed number is not included in whitelisted countries D13 ({country})"
        raise RefusalError(403, "10010", "Authorization failed", detail)
    number = world.numbers.get(from_)
    if number is None or number.account is not account:
        raise RefusalError(403, "10010", "Authorization failed", "Unverified origination number D51")
    limit = min(account.concurrent_calls, profile.concurrent_calls or account.concurrent_calls)
    if running >= limit and not account.limit_by_hangup:
        raise RefusalError(403, "10039", "Account limit reached", f"User channel limit exceeded D1 ({limit})")


def _seconds(body: Mapping[str, Any], name: str, default: int, least: int, most: int) -> float:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RefusalError(422, "10033", "Value out of range", f"{name} is {least} to {most}", f"/{name}")
    return float(value)

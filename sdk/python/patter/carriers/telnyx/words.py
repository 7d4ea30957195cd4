"""Telnyx's words in ours. Pure: the same in both homes."""

from __future__ import annotations

from collections.abc import Mapping

from patter.bridge.events import MachineHeard
from patter.carriers.params import taken_along
from patter.carriers.telnyx.webhooks import CallEvent

MACHINE_RESULTS = {
    "human": "human",
    "human_residence": "human",
    "human_business": "human",
    "machine": "machine",
    "fax_detected": "machine",
}
BEEP = "beep_detected"
SCREENING = "call.machine.premium.call_screening.detected"
JUDGED = frozenset({"call.machine.detection.ended", "call.machine.premium.detection.ended"})
GREETED = frozenset({"call.machine.greeting.ended", "call.machine.premium.greeting.ended"})
HANGUP_REASONS = {
    "normal_clearing": "caller_hung_up",
    "user_busy": "busy",
    "timeout": "no_answer",
    "no_answer": "no_answer",
    "originator_cancel": "caller_hung_up",
    "call_rejected": "declined",
    "time_limit": "max_duration",
}
# The far end's own words (SIP) are finer than Telnyx's, where its own say little.
SIP_REASONS = {"486": "busy", "600": "busy", "603": "declined", "607": "declined", "608": "declined"}
UNCLEAR = frozenset({"call_rejected", "not_found", "unspecified", ""})


def end_reason(event: CallEvent) -> str:
    """Why a call ended, from the closed list of end reasons."""
    cause, sip = event.text("hangup_cause"), event.text("sip_hangup_cause")
    if cause in UNCLEAR and sip in SIP_REASONS:
        return SIP_REASONS[sip]
    return HANGUP_REASONS.get(cause, "failed")


def transfer_failure(event: CallEvent) -> str:
    """Why a human's leg came to nothing. Whoever hangs up on the summary has not accepted."""
    if event.text("hangup_cause") == "originator_cancel":
        return "cancelled"
    reason = end_reason(event)
    return "declined" if reason in ("caller_hung_up", "max_duration") else reason


def who_answered(event: CallEvent) -> MachineHeard | None:
    """What an event of answering machine detection says; None: it says nothing, or is none.

    Who is not sure must be treated as a person. A beep before any verdict is one: only a machine beeps.
    """
    word, occurred = event.text("result"), event.occurred
    at = None if occurred is None else occurred.timestamp()
    if event.kind == SCREENING:
        return MachineHeard("screening", False, "call_screening", at)
    if not word:
        return None
    if event.kind in GREETED:
        beep = word == BEEP
        return MachineHeard("machine" if beep else "greeting_over", beep, word, at)
    if event.kind in JUDGED:
        return MachineHeard(MACHINE_RESULTS.get(word, "unknown"), False, word, at)
    return None


def custom_params(headers: Mapping[str, str]) -> dict[str, str]:
    """Custom SIP headers."""
    return taken_along(headers.items())


def sip_headers(custom_params: Mapping[str, str]) -> dict[str, str]:
    """The custom parameters that are meant for the callee's telephone system: those named ``X-…``."""
    return {name: value for name, value in custom_params.items() if name.lower().startswith("x-")}

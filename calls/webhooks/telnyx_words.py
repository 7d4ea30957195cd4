"""Telnyx's words in ours."""

from __future__ import annotations

from calls.services.progress import Step
from patter.carriers.telnyx.webhooks import CallEvent

# How a call ended; what is not named here failed. An answered call is completed whatever the word, and only
# answered calls are cleared normally.
HANGUP_STEPS = {
    "normal_clearing": Step.COMPLETED,
    "user_busy": Step.BUSY,
    "timeout": Step.NO_ANSWER,
    "no_answer": Step.NO_ANSWER,
    "originator_cancel": Step.CANCELLED,
    "call_rejected": Step.DECLINED,
    "not_found": Step.INVALID_NUMBER,
    "time_limit": Step.COMPLETED,
}
# The far end's own words (SIP) are finer than Telnyx's.
SIP_STEPS = {
    "486": Step.BUSY,
    "600": Step.BUSY,
    "603": Step.DECLINED,
    "607": Step.DECLINED,
    "608": Step.DECLINED,
    "404": Step.INVALID_NUMBER,
    "410": Step.INVALID_NUMBER,
    "484": Step.INVALID_NUMBER,
    "604": Step.INVALID_NUMBER,
    # Telnyx itself refuses: no outbound profile, a limit of calls at once, a caller id that is not ours.
    "403": Step.FAILED,
    "503": Step.FAILED,
}
UNCLEAR = {"call_rejected", "not_found", "unspecified", "normal_clearing", ""}


def hangup_step(event: CallEvent) -> Step:
    """What a ``call.hangup`` makes known."""
    cause, sip = event.text("hangup_cause"), event.text("sip_hangup_cause")
    if cause in UNCLEAR and sip in SIP_STEPS:
        return SIP_STEPS[sip]
    return HANGUP_STEPS.get(cause, Step.FAILED)


def end_reason(event: CallEvent) -> str:
    """Why an answered call ended, where Telnyx knows better than the step; empty otherwise."""
    return "max_duration" if event.text("hangup_cause") == "time_limit" else ""

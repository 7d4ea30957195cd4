"""Twilio's words in ours. Pure: the same in both homes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from patter.bridge.events import MachineHeard
from patter.carriers.params import taken_along

# The far end's own words (SIP) are finer than Twilio's.
DECLINED_SIP = frozenset({"603", "607", "608"})
INVALID_SIP = frozenset({"404", "410", "484", "604"})

SIP_HEADER = "SipHeader_"
OWN_KEYS = frozenset({"call"})

TRANSFER_REASONS = {"busy": "busy", "no-answer": "no_answer", "canceled": "cancelled", "failed": "failed"}
"""The end of a human's leg that nobody talked on, and why the transfer failed."""
RECORDING_ENDS = frozenset({"completed", "absent", "failed"})
"""What a recording can come to; that it goes on is no news."""
TRANSFER_STATES = {"initiated": "dialling", "ringing": "ringing"}


def who_answered(answered_by: str) -> MachineHeard | None:
    """The one verdict of a call; None: it says nothing.

    After ``machine_end_…`` what is said is recorded: Twilio waited for a beep, a silence, or something else.
    """
    if not answered_by:
        return None
    is_machine = answered_by.startswith("machine") or answered_by == "fax"
    result = "machine" if is_machine else "human" if answered_by == "human" else "unknown"
    return MachineHeard(result, answered_by.startswith("machine_end"), answered_by)


def transfer_failure(word: str, sip_code: str = "") -> str:
    """Why a human's leg came to nothing. Whoever hangs up on the summary has not accepted."""
    if sip_code in DECLINED_SIP or word == "completed":
        return "declined"
    return TRANSFER_REASONS.get(word, "failed")


def custom_params(query: Mapping[str, str], fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Extra keys of the voice address and SIP headers ``X-…``."""
    given = {name: value for name, value in query.items() if name not in OWN_KEYS}
    for name, value in fields:
        header = name.removeprefix(SIP_HEADER)
        if header != name and header.lower().startswith("x-"):
            given[header] = value
    return taken_along(given.items())

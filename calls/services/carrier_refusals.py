"""What a carrier's refusal to dial means for a call: whose fault, which outcome, and whether to ask again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from calls.services.progress import Step
from patter.errors import CarrierError

# Telnyx's codes are those of its errors (10016) or, finer, the reasons in their text (D13). A number that
# both carriers use is told apart by who says it.

# The callee cannot be reached under this number, whoever calls.
INVALID = {"21201", "21211", "21214", "21217", "13224", "13225", "telnyx 10016"}
# The country is not allowed, or the destination is blocked.
COUNTRY = {"21203", "21215", "21216", "13226", "13227", "D13"}
# The number that calls may not be used for it: our organisation's set-up, not the callee.
CALLER_ID = {"21210", "21212", "21213", "21219", "14111", "13247", "D35", "D51"}
# Refused unprocessed, so that the same request may be made again.
LATER = {
    *("20429", "429", "twilio 10004", "86008", "22005", "unreachable"),
    *("10011", "90041", "90042", "90043", "D1", "P05", "P06"),
}
OUTCOME_UNKNOWN = "outcome_unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a refusal: end the call with ``step``, or (``step`` None) dial again later."""

    step: Step | None
    blocked_by: str = ""


def verdict_on(error: CarrierError) -> Verdict:
    """The meaning of an error of a request to dial."""
    code = error.code or ""
    names = {code, f"{error.provider} {code}"}
    if names & LATER:
        return Verdict(None)
    if names & INVALID:
        return Verdict(Step.INVALID_NUMBER)
    if names & COUNTRY:
        return Verdict(Step.BLOCKED, "country")
    if names & CALLER_ID:
        return Verdict(Step.BLOCKED, "caller_id")
    return Verdict(Step.FAILED)


def dialled_perhaps(error: CarrierError) -> bool:
    """Whether the phone may ring although there was no proper answer. Such a call is never dialled again."""
    if error.code == OUTCOME_UNKNOWN:
        return True
    # A server that failed half-way may have queued the call.
    return bool(re.fullmatch(r"5\d\d", error.code or ""))

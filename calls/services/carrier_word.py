"""The carrier's word about a call: it moves the row, and is told to the process that carries the call."""

from __future__ import annotations

from calls.services.advance import Advanced, Facts, Happening, advance_call
from calls.services.progress import Step
from patter_site.common.bus import publish

CAUSES = {
    Step.BUSY: "busy",
    Step.NO_ANSWER: "no_answer",
    Step.DECLINED: "declined",
    Step.FAILED: "failed",
}


ON_ITS_WAY = frozenset({Step.DIALLING, Step.RINGING})


def rings_for_nobody(advanced: Advanced, step: Step) -> bool:
    """Whether a phone rings for a call that is over here.

    Whoever hung up while the answer to the request to dial was lost could not tell the carrier: its name
    for the call is learned by this word.
    """
    call = advanced.call
    return step in ON_ITS_WAY and call.is_over and call.direction == call.Direction.OUTBOUND


def take_carrier_word(*, call_id: str, step: Step, happening: Happening, facts: Facts) -> Advanced:
    """Make known what the carrier says. Repeated, late and unordered words are harmless."""
    advanced = advance_call(call_id=call_id, step=step, happening=happening, facts=facts)
    call = advanced.call
    if call.is_over and call.has_media:
        # The process that carries the call learns it here at the latest; its socket may hang open.
        cause = call.end_reason or CAUSES.get(step, "caller_hung_up")
        publish(f"call.{call.pk}", {"type": "call.carrier_ended", "cause": cause})
    return advanced

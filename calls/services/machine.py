"""Whether a person or a machine answered, as the carrier heard it.

A screening service sounds like a machine, and a human may be behind it: the outcome follows the carrier's
latest word by its own clock, as webhooks come in any order.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from calls.models import Call, CallEvent
from calls.services.advance import Happening, locked_call, note_event
from calls.services.announce import announce_machine
from calls.services.control import group_of
from calls.services.tell_sdk import tell_machine
from patter.bridge.events import MachineHeard
from patter_site.common.bus import publish

MACHINE = "machine"
TOLD = frozenset({"human", "machine", "unknown"})
"""What customers hear of; a screening service, or the end of a greeting, says not yet who answered."""


@transaction.atomic
def note_machine(*, call: Call, heard: MachineHeard, told_id: str) -> None:
    """Write down the verdict and tell the process that carries the call. Repeating it changes nothing.

    ``told_id``: the same for every delivery of the carrier's word, and for no other one of this call.
    """
    call = locked_call(call.pk)
    data = {"result": heard.result, "detail": heard.detail, "beep": heard.beep}
    if heard.occurred_at is not None:
        data["occurred_at"] = heard.occurred_at
    if not note_event(call, Happening("machine.detected", data, f"machine:{told_id}"[:160])):
        return
    if call.has_media:
        told = {"type": "call.machine_detected", **data}
        transaction.on_commit(partial(publish, group_of(call.pk), told))
    settle_machine(call)
    if heard.result in TOLD:
        announce_machine(call, heard.result)
        tell_machine(call, heard.result)


def settle_machine(call: Call) -> None:
    """Bring the outcome up to what is known of who answered. The call's row is locked."""
    if call.announced_at is not None or call.outcome not in ("", MACHINE):
        return
    outcome = MACHINE if _is_machine(call) else ""
    if outcome != call.outcome:
        call.outcome = outcome
        call.save(update_fields=["outcome"])


def _is_machine(call: Call) -> bool:
    """What was heard while a service asked who is calling, and was told, is the service itself."""
    rows = CallEvent.objects.of(call.organisation_id).filter(call=call).order_by("id")
    heard = [event.data for event in rows.filter(kind="machine.detected")]
    heard = sorted((data for data in heard if data["result"] in ("human", MACHINE, "screening")), key=_when)
    if not heard or heard[-1]["result"] != MACHINE:
        return False
    by_carrier = any(data["result"] == "screening" for data in heard)
    return by_carrier or not rows.filter(kind="machine.introduce").exists()


def _when(data: dict[str, Any]) -> float:
    """One without a time is the only one that its carrier tells."""
    return float(data.get("occurred_at") or 0)

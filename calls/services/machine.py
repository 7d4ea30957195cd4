"""Whether a person or a machine answered, as the carrier heard it."""

from __future__ import annotations

from django.db import transaction

from calls.models import Call
from calls.services.advance import Happening, locked_call, note_event
from calls.services.announce import announce_machine
from calls.services.control import group_of
from calls.services.tell_sdk import tell_machine
from patter_site.common.bus import publish

MACHINE = "machine"


@transaction.atomic
def note_machine(*, call: Call, result: str, detail: str) -> None:
    """Write down the verdict and tell the process that carries the call. Repeating it changes nothing.

    ``result`` is human, machine or unknown; ``detail`` is the carrier's own word.
    """
    call = locked_call(call.pk)
    happening = Happening("machine.detected", {"result": result, "detail": detail}, f"machine:{detail}")
    if not note_event(call, happening):
        return
    if call.announced_at is None and result == MACHINE:
        call.outcome = MACHINE
        call.save(update_fields=["outcome"])
    announce_machine(call, result)
    tell_machine(call, result)
    if not call.has_media:
        return
    transaction.on_commit(lambda: _tell(call, result, detail))


def _tell(call: Call, result: str, detail: str) -> None:
    if result == MACHINE and call.on_machine == Call.OnMachine.HANG_UP:
        publish(group_of(call.pk), {"type": "call.hang_up", "reason": "machine"})
        return
    publish(group_of(call.pk), {"type": "call.machine_detected", "result": result, "detail": detail})

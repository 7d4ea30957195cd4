"""Whether a person or a machine answered, as the carrier heard it."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from calls.models import Call
from calls.services.advance import Happening, locked_call, note_event
from calls.services.announce import announce_machine
from calls.services.control import group_of
from calls.services.tell_sdk import tell_machine
from patter_site.common.bus import publish

MACHINE = "machine"


@transaction.atomic
def note_machine(*, call: Call, result: str, detail: str, beep: bool = False) -> None:
    """Write down the verdict and tell the process that carries the call. Repeating it changes nothing.

    ``result`` is human, machine or unknown; ``detail`` is the carrier's own word; ``beep``: the greeting of
    a machine is over.
    """
    call = locked_call(call.pk)
    if not _noted(call, result, detail, beep):
        return
    if call.announced_at is None and result == MACHINE and not call.outcome:
        call.outcome = MACHINE
        call.save(update_fields=["outcome"])
    announce_machine(call, result)
    tell_machine(call, result)


@transaction.atomic
def note_screening(*, call: Call, detail: str) -> None:
    """A service answered that asks who is calling: the agent tells it. Who answered is not known yet."""
    _noted(locked_call(call.pk), "screening", detail)


def _noted(call: Call, result: str, detail: str, beep: bool = False) -> bool:
    """Write it down, and tell the process that carries the call. False: that was done before."""
    data = {"result": result, "detail": detail, "beep": beep}
    if not note_event(call, Happening("machine.detected", data, f"machine:{detail}")):
        return False
    if call.has_media:
        told = {"type": "call.machine_detected", **data}
        transaction.on_commit(partial(publish, group_of(call.pk), told))
    return True

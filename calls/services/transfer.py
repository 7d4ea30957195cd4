"""Transfers as rows: asked for, and moved by what the call machine and the carrier tell.

Both tell the same things in any order and more than once. A state has a rank; one of a lower rank changes
nothing, and an end is never left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from django.db import transaction
from django.utils import timezone

from calls.models import Call, Transfer
from calls.plan import plan_of
from calls.services.advance import Facts, Happening, advance_call, locked_call
from calls.services.announce import announce_transfer_failed, announce_transferred
from calls.services.control import CallOver, NoMedia, group_of
from calls.services.progress import Step
from patter.bridge.transfers import own_number
from patter_site.common.bus import publish
from patter_site.common.errors import ValidationProblem

RANKS = {
    "requested": 0,
    "dialling": 1,
    "ringing": 2,
    "briefing": 3,
    "joined": 4,
    "completed": 9,
    "failed": 9,
}
MAX_SUMMARY_CHARS = 1000
STEPS = {"joined": Step.TRANSFERRING, "failed": Step.RETURNED}


@dataclass(frozen=True, slots=True)
class TransferNews:
    """What became known of a transfer. Empty fields say nothing.

    ``returns``: the carrier brings the caller back by itself.
    """

    ref: str
    state: str
    reason: str = ""
    returns: bool = False
    target: str = ""
    number: str = ""
    kind: str = ""
    summary: str = ""
    asked_by: str = ""
    carrier_call_id: str = ""


def ask_transfer(*, call: Call, target: str, kind: str = "", summary: str = "") -> None:
    """Have the caller transferred. Whom the agent may not transfer to is refused here already.

    Raises CallOver, NoMedia, and ValidationProblem with the targets that are possible.
    """
    if call.is_over:
        raise CallOver()
    if not call.has_media:
        raise NoMedia()
    policy = plan_of(call).plan.transfers
    found = policy.find(target)
    problem = policy.refusal(target) if found is None else ""
    if found is not None and found.number in (call.from_number, call.to_number):
        problem = own_number(found)
    if problem:
        raise ValidationProblem("Check the fields.", fields={"target": [problem]})
    wish = {"target": target, "kind": kind, "summary": summary}
    publish(group_of(call.pk), {"type": "call.transfer", **wish})


@transaction.atomic
def note_transfer(*, call_id: str, news: TransferNews) -> Transfer:
    """Make it known, once. The call's status follows."""
    call = locked_call(call_id)
    transfer, _ = Transfer.objects.of(call.organisation_id).get_or_create(
        call=call, ref=news.ref, defaults={"organisation_id": call.organisation_id}
    )
    _complete(transfer, news)
    moved = _move(transfer, news)
    transfer.save()
    if moved:
        _follow(call, transfer)
    return transfer


def _complete(transfer: Transfer, news: TransferNews) -> None:
    """Who is meant becomes known from the machine, the human's leg from the carrier; either may be first."""
    for name in ("target", "number", "kind", "summary", "asked_by", "carrier_call_id"):
        if given := getattr(news, name):
            setattr(transfer, name, given)


def _move(transfer: Transfer, news: TransferNews) -> bool:
    if news.state == transfer.state == "failed" and news.reason == "declined":
        transfer.reason = news.reason  # the far end's own word is finer than the carrier's "busy", and later
    known = [entry["state"] for entry in transfer.timeline]
    if news.state in known or (known and RANKS[news.state] <= RANKS[transfer.state]):
        return False
    now = timezone.now()
    entry = {"state": news.state, "at": now.isoformat().replace("+00:00", "Z")}
    transfer.timeline = [*transfer.timeline, {**entry, **({"reason": news.reason} if news.reason else {})}]
    transfer.state = news.state
    if news.state == "failed":
        transfer.reason = news.reason or "failed"
    if news.state == "joined":
        transfer.joined_at = now
    if RANKS[news.state] == RANKS["failed"]:
        transfer.ended_at = now
    return True


def _follow(call: Call, transfer: Transfer) -> None:
    data = {"transfer": transfer.pk, "ref": transfer.ref, "reason": transfer.reason}
    happening = Happening(f"transfer.{transfer.state}", data, f"transfer:{transfer.ref}:{transfer.state}")
    step = STEPS.get(transfer.state, Step.TRANSFERRING)
    call = advance_call(call_id=call.pk, step=step, happening=happening, facts=Facts()).call
    if transfer.state == "joined":
        announce_transferred(call, transfer)
    elif transfer.state == "failed":
        announce_transfer_failed(call, transfer)


def tell_machine(call: Call, news: TransferNews) -> None:
    """Tell the process that carries the call what the carrier told us."""
    if not call.has_media:
        return
    told = {"ref": news.ref, "state": news.state, "reason": news.reason, "returns": news.returns}
    publish(group_of(call.pk), {"type": "call.transfer_moved", **told})


def note_from_carrier(*, call: Call, news: TransferNews) -> Transfer:
    """What a carrier's webhook says: as a row, and to the process that carries the call."""
    transfer = note_transfer(call_id=call.pk, news=news)
    tell: Callable[[], None] = partial(tell_machine, call, news)
    transaction.on_commit(tell)
    return transfer


def note_completed(*, call: Call, news: TransferNews) -> None:
    """Caller and human were joined and are not any more, whatever became of the word on the beginning."""
    for state in ("joined", "completed"):
        note_from_carrier(call=call, news=replace(news, state=state))

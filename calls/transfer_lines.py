"""A call's transfers as its page shows them. Pure: no queries, no requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from calls.models import Transfer

STATES: dict[str, str | Promise] = {
    "requested": _("asked for"),
    "dialling": _("dialling"),
    "ringing": _("ringing"),
    "briefing": _("hears the summary"),
    "joined": _("joined"),
    "completed": _("done"),
    "failed": _("not reached"),
}
REASONS: dict[str, str | Promise] = {
    "busy": _("busy"),
    "no_answer": _("no answer"),
    "declined": _("declined"),
    "failed": _("could not be reached"),
    "cancelled": _("the call ended meanwhile"),
    "carrier_error": _("the carrier refused"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    word: str | Promise
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TransferLine:
    """``tone`` is that of a state on a page: ok, warn or live."""

    transfer: Transfer
    word: str | Promise
    tone: str
    moments: list[Moment]


def transfer_lines(transfers: Iterable[Transfer]) -> list[TransferLine]:
    return [_line(transfer) for transfer in transfers]


def _line(transfer: Transfer) -> TransferLine:
    state = transfer.state
    failed = REASONS.get(transfer.reason, REASONS["failed"])
    word = failed if state == Transfer.State.FAILED else STATES[state]
    tone = {"failed": "warn", "completed": "ok"}.get(state, "live")
    moments = [
        Moment(STATES.get(entry["state"], entry["state"]), parse_datetime(entry["at"]))
        for entry in transfer.timeline
    ]
    return TransferLine(transfer, word, tone, moments)

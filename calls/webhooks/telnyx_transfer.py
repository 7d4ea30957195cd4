"""How a human's leg goes at Telnyx: its events carry a ``HumanState``.

A human may be quicker than the row that says why they are called, which is written beside the call. What is
told of them before waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from calls.models import Call, Transfer
from calls.plan import plan_of
from calls.selectors import transfer_of
from calls.services.progress import Step
from calls.services.transfer import TransferNews, note_completed, note_from_carrier
from calls.webhooks.telnyx_words import hangup_step
from patter.carriers.telnyx import asking
from patter.carriers.telnyx.commands import Command
from patter.carriers.telnyx.human_state import HumanState
from patter.carriers.telnyx.webhooks import CallEvent
from patter.errors import CarrierError
from phone_numbers.carrier import ask_telnyx
from phone_numbers.models import CarrierAccount

logger = structlog.get_logger(__name__)

REASONS = {
    Step.BUSY: "busy",
    Step.NO_ANSWER: "no_answer",
    Step.DECLINED: "declined",
    Step.CANCELLED: "cancelled",
    # Whoever hangs up on the summary has not accepted.
    Step.COMPLETED: "declined",
}


class TooEarly(Exception):
    """It cannot be done yet, and can in a moment: something is not written down, or nobody is here for it."""


def is_of_transfer(event: CallEvent) -> bool:
    return HumanState.parse(event.client_state) is not None


def carry_out_of_transfer(account: CarrierAccount, event: CallEvent, *, waits: bool = False) -> None:
    """Do what an event of a human's leg asks for. Safe to repeat, in any order.

    ``waits``: it will be tried again when it raises TooEarly. Raises CarrierError.
    """
    human = HumanState.parse(event.client_state)
    if human is None:
        return
    rows = Call.objects.unscoped("the carrier account was proven by its signature")
    rows = rows.filter(pk=human.call_id, carrier_account=account)
    call = rows.select_related("organisation", "carrier_account").first()
    handler = HANDLERS.get(event.kind)
    if call is None or handler is None or event.call_control_id in ("", call.carrier_call_id):
        return
    news = TransferNews(human.transfer_id, "", kind=human.kind, carrier_call_id=event.call_control_id)
    if waits and event.kind == "call.answered" and human.kind == "warm":
        _must_be_written(transfer_of(call, news.ref))
    handler(call, news, event)


def _must_be_written(row: Transfer | None) -> None:
    """The number is known from whoever asked for the transfer, and from nobody else. Raises TooEarly."""
    if row is None or not row.number:
        raise TooEarly


def _initiated(call: Call, news: TransferNews, event: CallEvent) -> None:
    if _is_for_nobody(call, news, transfer_of(call, news.ref)):
        _leave(call, event.call_control_id)
        return
    note_from_carrier(call=call, news=replace(news, state="dialling"))


def _answered(call: Call, news: TransferNews, event: CallEvent) -> None:
    row = transfer_of(call, news.ref)
    if _kind(news, row) != "warm":
        if call.is_over and (row is None or row.joined_at is None):
            _leave(call, event.call_control_id)  # Telnyx drops them itself, and may be late with it
        else:
            note_from_carrier(call=call, news=replace(news, state="joined"))
        return
    if _is_for_nobody(call, news, row):
        _leave(call, event.call_control_id)
        return
    row = note_from_carrier(call=call, news=replace(news, state="briefing"))
    language = plan_of(call).plan.language
    by_key = not _hears(call, asking.listen(event, language))
    _ask(call, asking.ask(event, row.summary, language, by_key=by_key))


def _hears(call: Call, listen: Command) -> bool:
    """Where Telnyx cannot transcribe, there is the key."""
    try:
        return _ask(call, listen)
    except CarrierError as error:
        logger.info("Telnyx does not transcribe this call", call=call.pk, code=error.code)
        return False


def _decided(call: Call, news: TransferNews, event: CallEvent) -> None:
    """The human listened to the summary: a 1 or a yes takes the call."""
    row, takes = transfer_of(call, news.ref), asking.takes_call(event)
    if row is None or row.kind != "warm" or row.joined_at is not None or _is_over(row) or takes is None:
        return
    if not takes:
        note_from_carrier(call=call, news=replace(news, state="failed", reason="declined"))
        _leave(call, event.call_control_id)
        return
    for command in asking.quiet(call.carrier_call_id, event):
        _ask_kindly(call, command)
    if _ask(call, asking.join(call.carrier_call_id, event)):
        note_from_carrier(call=call, news=replace(news, state="joined"))


def _ask_kindly(call: Call, command: Command) -> None:
    """What cannot be stopped does not keep both from each other."""
    try:
        _ask(call, command)
    except CarrierError as error:
        logger.info("Telnyx did not stop something", call=call.pk, about=command.about, code=error.code)


def _bridged(call: Call, news: TransferNews, event: CallEvent) -> None:
    note_from_carrier(call=call, news=replace(news, state="joined"))


def _hung_up(call: Call, news: TransferNews, event: CallEvent) -> None:
    row, step = transfer_of(call, news.ref), hangup_step(event)
    # Only who answered is cleared normally, whatever became of the word on the answer.
    is_answered_cold = _kind(news, row) == "cold" and step is Step.COMPLETED
    if (row is not None and row.joined_at is not None) or is_answered_cold:
        note_completed(call=call, news=news)
        return
    # The caller's stream was never left: nobody has to bring them back.
    reason = REASONS.get(step, "failed")
    note_from_carrier(call=call, news=replace(news, state="failed", reason=reason))


HANDLERS: dict[str, Callable[[Call, TransferNews, CallEvent], None]] = {
    "call.initiated": _initiated,
    "call.answered": _answered,
    "call.gather.ended": _decided,
    asking.TRANSCRIPTION: _decided,
    "call.bridged": _bridged,
    "call.hangup": _hung_up,
}


def _kind(news: TransferNews, row: Transfer | None) -> str:
    return news.kind or (row.kind if row is not None else "")


def _is_for_nobody(call: Call, news: TransferNews, row: Transfer | None) -> bool:
    """The caller was quicker than the answer to our request to call a human: nobody knew that leg's id.

    A cold one is dropped by Telnyx itself.
    """
    if _kind(news, row) != "warm" or (row is not None and row.joined_at is not None):
        return False
    return call.is_over or (row is not None and _is_over(row))


def _is_over(row: Transfer) -> bool:
    return row.state in ("failed", "completed")


def _ask(call: Call, command: Command) -> bool:
    assert call.carrier_account is not None
    return ask_telnyx(call.carrier_account, lambda rest: rest.send_to_live(command))


def _leave(call: Call, leg: str) -> None:
    assert call.carrier_account is not None
    ask_telnyx(call.carrier_account, lambda rest: rest.hang_up(leg))

"""How a human's leg goes at Telnyx: its events carry ``call_id:transfer`` as their state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calls.models import Call, Transfer
from calls.plan import plan_of
from calls.selectors import transfer_of
from calls.services.progress import Step
from calls.services.transfer import TransferNews, note_from_carrier
from calls.webhooks.telnyx_words import hangup_step
from patter.carriers.briefing import briefing_of
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.webhooks import CallEvent
from phone_numbers.carrier import ask_telnyx
from phone_numbers.models import CarrierAccount

REASONS = {
    Step.BUSY: "busy",
    Step.NO_ANSWER: "no_answer",
    Step.DECLINED: "declined",
    Step.CANCELLED: "cancelled",
    # Whoever hangs up on the summary has not accepted.
    Step.COMPLETED: "declined",
}
ACCEPTS = "1"


def is_of_transfer(event: CallEvent) -> bool:
    return ":" in event.client_state


def carry_out_of_transfer(account: CarrierAccount, event: CallEvent) -> None:
    """Do what an event of a human's leg asks for. Safe to repeat, in any order. Raises CarrierError."""
    call_id, _, ref = event.client_state.partition(":")
    rows = Call.objects.unscoped("the carrier account was proven by its signature")
    rows = rows.filter(pk=call_id, carrier_account=account).select_related("organisation", "carrier_account")
    call, handler = rows.first(), HANDLERS.get(event.kind)
    if call is None or handler is None or event.call_control_id == call.carrier_call_id:
        return
    handler(call, TransferNews(ref, "", carrier_call_id=event.call_control_id), event)


def _initiated(call: Call, news: TransferNews, event: CallEvent) -> None:
    note_from_carrier(call=call, news=replace(news, state="dialling"))


def _answered(call: Call, news: TransferNews, event: CallEvent) -> None:
    row = transfer_of(call, news.ref)
    if row is None or row.kind != "warm":
        note_from_carrier(call=call, news=replace(news, state="joined"))
        return
    if _is_over(row) or call.is_over:
        _leave(call, event.call_control_id)
        return
    note_from_carrier(call=call, news=replace(news, state="briefing"))
    language = plan_of(call).plan.language
    text = briefing_of(row.summary, language, by_key=True)
    about = f"{event.client_state}:briefing"
    asked = commands.ask_for_key(event.call_control_id, text, language, command_id=about)
    _ask(call, asked)


def _key_pressed(call: Call, news: TransferNews, event: CallEvent) -> None:
    """The human listened to the summary: a 1 takes the call, anything else leaves it with the agent."""
    row = transfer_of(call, news.ref)
    if row is None or row.kind != "warm" or _is_over(row):
        return
    if event.text("digits") != ACCEPTS:
        note_from_carrier(call=call, news=replace(news, state="failed", reason="declined"))
        _leave(call, event.call_control_id)
        return
    about = event.client_state
    _ask(call, commands.stop_playback(call.carrier_call_id, command_id=f"{about}:hush"))
    joined = commands.bridge(call.carrier_call_id, event.call_control_id, command_id=f"{about}:bridge")
    if _ask(call, joined):
        note_from_carrier(call=call, news=replace(news, state="joined"))


def _bridged(call: Call, news: TransferNews, event: CallEvent) -> None:
    note_from_carrier(call=call, news=replace(news, state="joined"))


def _hung_up(call: Call, news: TransferNews, event: CallEvent) -> None:
    row = transfer_of(call, news.ref)
    if row is not None and row.joined_at is not None:
        note_from_carrier(call=call, news=replace(news, state="completed"))
        return
    # The caller's stream was never left: nobody has to bring them back.
    reason = REASONS.get(hangup_step(event), "failed")
    note_from_carrier(call=call, news=replace(news, state="failed", reason=reason))


HANDLERS: dict[str, Callable[[Call, TransferNews, CallEvent], None]] = {
    "call.initiated": _initiated,
    "call.answered": _answered,
    "call.gather.ended": _key_pressed,
    "call.bridged": _bridged,
    "call.hangup": _hung_up,
}


def _is_over(row: Transfer) -> bool:
    return row.state in ("failed", "completed")


def _ask(call: Call, command: commands.Command) -> bool:
    assert call.carrier_account is not None
    return ask_telnyx(call.carrier_account, lambda rest: rest.send_to_live(command))


def _leave(call: Call, leg: str) -> None:
    assert call.carrier_account is not None
    ask_telnyx(call.carrier_account, lambda rest: rest.hang_up(leg))

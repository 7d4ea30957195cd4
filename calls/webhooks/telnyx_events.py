"""What each kind of Telnyx's events means for a call. One line in ``HANDLERS`` for each kind.

``call.dtmf.received`` has none: keys come over the media socket, and would count twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from calls.models import Call, CallEvent
from calls.services.advance import Facts, Happening, advance_call
from calls.services.answer import Busy, Connect, answer_inbound
from calls.services.carrier_recording import erase_of_deleted
from calls.services.carrier_word import rings_for_nobody, take_carrier_word
from calls.services.machine import note_machine
from calls.services.note_recording import note_carrier_recording
from calls.services.progress import Step
from calls.services.refusals import Refusal
from calls.services.stream import note_stream
from calls.services.telnyx_calls import (
    end_broken,
    leave_if_over,
    open_stream,
    pick_up,
    record_if_wanted,
    turn_away,
    turn_stranger_away,
)
from calls.tasks import erase_recordings, hang_up_lost_call
from calls.webhooks.stamps import happened_at
from calls.webhooks.telnyx_transfer import TooEarly, carry_out_of_transfer, is_of_transfer
from calls.webhooks.telnyx_words import end_reason, hangup_step
from patter.carriers.telnyx.webhooks import CallEvent as TelnyxEvent
from patter.carriers.telnyx.words import GREETED, JUDGED, SCREENING, custom_params, who_answered
from patter.errors import CarrierError
from patter_site.common.jobs import wake
from phone_numbers.carrier import ask_carrier, ask_telnyx
from phone_numbers.models import CarrierAccount


@dataclass(frozen=True, slots=True)
class Told:
    """One event, the account that proved it, and the base under which it reached us.

    ``waits``: what cannot be done yet is tried again in a moment.
    """

    event: TelnyxEvent
    account: CarrierAccount
    base: str
    waits: bool = False

    @property
    def at(self) -> datetime:
        return happened_at(self.event.occurred)

    def call(self) -> Call | None:
        """The call that this is about, inside the account: by our id in its state, else by the carrier's.

        By the vendor's own types some events have no id of the leg.
        """
        rows = Call.objects.unscoped("the carrier account was proven by its signature")
        rows = rows.filter(carrier_account=self.account).select_related("organisation", "carrier_account")
        leg = self.event.call_control_id
        found = rows.filter(pk=self.event.call_id).first()
        if found is not None and (not leg or found.carrier_call_id in ("", leg)):
            return found
        return rows.filter(carrier_call_id=leg).first() if leg else None


def carry_out(told: Told) -> None:
    """Do what an event asks for, whatever was told before. Raises CarrierError, and TooEarly if it waits."""
    if is_of_transfer(told.event):
        carry_out_of_transfer(told.account, told.event, waits=told.waits)
        return
    handler = HANDLERS.get(told.event.kind)
    if handler is not None:
        handler(told)


def give_up(told: Told, error: CarrierError) -> None:
    """What an event asked for cannot be done: the call must not hang on a silent line."""
    call = told.call()
    if call is not None and not call.is_over and told.event.kind in MUST_SUCCEED:
        end_broken(call, error)


def _initiated(told: Told) -> None:
    """Somebody calls, or a call of ours is under way. Only an incoming call that waits may be answered."""
    event = told.event
    if not event.is_incoming:
        _known(told, Step.DIALLING)
        return
    if event.state not in ("parked", "") or not event.call_control_id:
        return
    answer = answer_inbound(
        account=told.account,
        carrier_call_id=event.call_control_id,
        caller=event.from_,
        callee=event.to,
        custom_params=custom_params(event.headers),
    )
    if isinstance(answer, Busy):
        raise TooEarly
    call = told.call()
    if call is None:
        if isinstance(answer, Refusal):  # nobody's number: without an answer it would ring for ever
            turn_stranger_away(told.account, event.call_control_id, answer)
        return
    if isinstance(answer, Refusal):
        turn_away(call, answer)
    elif isinstance(answer, Connect) and call.answered_at is None:
        pick_up(call)


def _answered(told: Told) -> None:
    """From here on there is somebody to talk to."""
    call = _known(told, Step.ANSWERED)
    if call is not None:
        record_if_wanted(call)
        open_stream(call, told.base)


def _hung_up(told: Told) -> None:
    call, event = told.call(), told.event
    if call is None:
        return
    step = hangup_step(event)
    data = {"cause": event.text("hangup_cause"), "source": event.text("hangup_source")}
    sip = event.text("sip_hangup_cause")
    facts = Facts(
        at=told.at,
        carrier_call_id=event.call_control_id,
        end_reason=end_reason(event),
        error_code=f"telnyx_{sip or data['cause']}"[:60] if step is Step.FAILED else "",
        error_message=f"telnyx: {data['cause']} (SIP {sip or 'unspecified'})" if step is Step.FAILED else "",
    )
    happening = Happening("carrier.status", {"status": "hangup", "sip": sip, **data}, "telnyx:call.hangup")
    take_carrier_word(call_id=call.pk, step=step, happening=happening, facts=facts)


def _machine(told: Told) -> None:
    call, heard = told.call(), who_answered(told.event)
    if call is not None and heard is not None:
        note_machine(call=call, heard=heard, told_id=told.event.id)


def _stream_started(told: Told) -> None:
    if (call := told.call()) is not None:
        note_stream(call=call, stream_id=told.event.text("stream_id"), event="stream-started", at=told.at)


def _stream_stopped(told: Told) -> None:
    if (call := told.call()) is not None:
        note_stream(call=call, stream_id=told.event.text("stream_id"), event="stream-stopped")


def _stream_failed(told: Told) -> None:
    """Telnyx could not open our socket: once more, until the tokens are spent."""
    call, event = told.call(), told.event
    if call is None:
        return
    reason = event.text("failure_reason")
    note_stream(call=call, stream_id=event.text("stream_id"), event="stream-error", error=reason)
    if not call.has_media:
        open_stream(call, told.base)


def _spoken(told: Told) -> None:
    """The last text in the carrier's own voice was said."""
    event = told.event
    if event.says_goodbye and event.call_control_id:
        ask_carrier(told.account, lambda rest: rest.hang_up(event.call_control_id))
    elif (call := told.call()) is not None:
        leave_if_over(call)


def _recorded(told: Told) -> None:
    """Often minutes after the end. The link is good for ten minutes only, so the recording's id is kept."""
    call, event = told.call(), told.event
    for recording_id in _recordings_named(told, call):
        if call is not None:
            note_carrier_recording(call=call, carrier_recording_id=recording_id)
        elif erase_of_deleted(told.account, event.call_id, recording_id):
            wake(erase_recordings)


def _recordings_named(told: Told, call: Call | None) -> list[str]:
    """Its id, or, where it has none, those of all recordings of its call."""
    event = told.event
    if named := event.text("recording_id"):
        return [named]
    ids = {
        "call_control_id": event.call_control_id or (call.carrier_call_id if call else ""),
        "call_leg_id": event.text("call_leg_id"),
    }
    found = ask_telnyx(told.account, lambda rest: rest.recordings_of(**ids))
    if not found:
        raise CarrierError("telnyx", "a recording was told of and is not listed", permanent=False)
    return found


def _not_recorded(told: Told) -> None:
    call, event = told.call(), told.event
    if call is not None:
        reason = event.text("reason") or "nothing"
        name = event.text("recording_id") or f"failed:{event.id}"[:100]
        note_carrier_recording(call=call, carrier_recording_id=name, failed=f"The carrier says {reason}.")


HANDLERS: dict[str, Callable[[Told], None]] = {
    "call.initiated": _initiated,
    "call.answered": _answered,
    "call.hangup": _hung_up,
    **dict.fromkeys((*JUDGED, *GREETED, SCREENING), _machine),
    "streaming.started": _stream_started,
    "streaming.stopped": _stream_stopped,
    "streaming.failed": _stream_failed,
    "call.speak.ended": _spoken,
    "call.recording.saved": _recorded,
    "call.recording.error": _not_recorded,
}
MUST_SUCCEED = ("call.initiated", "call.answered", "streaming.failed")


def _known(told: Told, step: Step) -> Call | None:
    """Make a step known once. None: there is no such call, or another delivery of this did it already."""
    call, event = told.call(), told.event
    if call is None:
        return None
    key = f"telnyx:{event.kind}"
    advanced = advance_call(
        call_id=call.pk,
        step=step,
        happening=Happening("carrier.status", {"status": event.kind, "event": event.id}, key),
        facts=Facts(at=told.at, carrier_call_id=event.call_control_id),
    )
    if rings_for_nobody(advanced, step):
        wake(hang_up_lost_call, call.pk)
    if not advanced.duplicate:
        return advanced.call
    first = CallEvent.objects.of(call.organisation_id).get(call=call, dedupe_key=key)
    # The same event again is a try that failed half-way; another one tells what is known.
    return advanced.call if first.data.get("event") == event.id else None

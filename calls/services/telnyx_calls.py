"""What Telnyx is asked to do with a call. Never inside a transaction: each is a request to the carrier.

Every command has an id made from the call and its purpose, so that doing one of these twice is doing it once.
"""

from __future__ import annotations

from dataclasses import replace

import structlog
from django.conf import settings
from django.db import transaction

from calls.addresses import media_url
from calls.models import Call
from calls.plan import recording_policy_of
from calls.services.advance import Facts, Happening, advance_call, locked_call, note_event
from calls.services.answer import Connect, answer_again, note_callback_base
from calls.services.progress import Step
from calls.services.refusals import Refusal
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.commands import Command
from patter.errors import CarrierError
from phone_numbers.carrier import ask_carrier, ask_telnyx
from phone_numbers.models import CarrierAccount

logger = structlog.get_logger(__name__)
ANSWERS_WITHIN_S = 5.0
STREAMING_ALREADY = "90045"
REJECT_CAUSES = {"unknown_number": "NOT_FOUND", "organisation_inactive": "CALL_REJECTED"}


def pick_up(call: Call) -> None:
    """Answer an inbound call. The caller may be gone by then; that is an end, not a fault."""
    command = commands.answer(call.carrier_call_id, command_id=f"{call.pk}:answer", client_state=call.pk)
    if not _send(call, command):
        _gone(call)


def turn_away(call: Call, refusal: Refusal) -> None:
    """Refuse a call unanswered, which costs nobody anything."""
    command_id = f"{call.pk}:reject"
    _send(call, commands.reject(call.carrier_call_id, command_id=command_id, cause=_cause(refusal)))


def turn_stranger_away(account: CarrierAccount, carrier_call_id: str, refusal: Refusal) -> None:
    """Refuse a call that is no organisation's, and has no row. Raises CarrierError."""
    command_id = f"{carrier_call_id}:reject"
    command = commands.reject(carrier_call_id, command_id=command_id, cause=_cause(refusal))
    ask_telnyx(account, lambda rest: rest.send_to_live(command), timeout_s=ANSWERS_WITHIN_S)


def _cause(refusal: Refusal) -> str:
    return REJECT_CAUSES.get(refusal.code, "TEMPORARILY_UNAVAILABLE")


def record_if_wanted(call: Call) -> None:
    """Let Telnyx record both sides, where the agent says so and nothing is announced before.

    Without a recording the call goes on.
    """
    if call.is_over or call.record is False or not recording_policy_of(call).from_the_answer:
        return
    try:
        _send(call, commands.start_recording(call.carrier_call_id, command_id=f"{call.pk}:record"))
    except CarrierError as error:
        note = Happening("recording.refused", {"code": error.code or "", "message": str(error)})
        with transaction.atomic():
            note_event(locked_call(call.pk), note)


def open_stream(call: Call, base: str, *, ended_stream: int = 0) -> None:
    """Let Telnyx open the call's media socket, with a fresh token. An open stream keeps its call.

    A call that cannot go on is hung up: without a stream Telnyx would leave the caller on a silent line.

    Args:
        base: under which Telnyx reaches us.
        ended_stream: the stream of this token is over.
    """
    answer = answer_again(call=call, ended_stream=ended_stream)
    if not isinstance(answer, Connect):
        leave_if_over(call)
        return
    call = answer.call
    note_callback_base(call, base)
    command = commands.start_stream(
        call.carrier_call_id,
        media_url(call, base),
        command_id=f"{call.pk}:stream:{call.stream_issued}",
        token=answer.token,
    )
    if not _stream_started(call, command):
        _gone(call)


def _stream_started(call: Call, command: Command) -> bool:
    """False: the call is over at Telnyx. Raises CarrierError."""
    try:
        return _send(call, command)
    except CarrierError as error:
        if error.code != STREAMING_ALREADY or call.has_media:
            raise
    # It was asked for before, and the answer got lost: its token is void by now.
    about = command.body["command_id"]
    _send(call, commands.stop_stream(call.carrier_call_id, command_id=f"{about}:stop"))
    return _send(call, replace(command, body={**command.body, "command_id": f"{about}:again"}))


def ask_for_stream(call_id: str) -> None:
    """The media socket of a call that is carried here broke: ask for another one. Raises CarrierError."""
    rows = Call.objects.unscoped("this process carries the call").select_related("carrier_account")
    call = rows.get(pk=call_id)
    if not call.is_over:
        base = call.callback_base or settings.PATTER_PUBLIC_URL
        try:
            open_stream(call, base, ended_stream=call.stream_used)
        except CarrierError as error:
            if error.code != STREAMING_ALREADY:  # Telnyx opens the broken one again by itself
                raise


def leave_if_over(call: Call) -> None:
    """Hang up at the carrier what is over here."""
    call.refresh_from_db()
    if call.is_over and call.carrier_call_id and call.carrier_account is not None:
        ask_carrier(call.carrier_account, lambda rest: rest.hang_up(call.carrier_call_id))


def end_broken(call: Call, error: CarrierError) -> None:
    """Telnyx could not be made to go on with a call: it ends, with Telnyx's own words."""
    facts = Facts(
        end_reason="carrier_error",
        error_code=f"telnyx_{error.code or 'error'}"[:60],
        error_message=str(error),
    )
    happening = Happening("carrier.failed", {"code": error.code or "", "message": str(error)})
    advance_call(call_id=call.pk, step=Step.FAILED, happening=happening, facts=facts)
    try:
        leave_if_over(call)
    except CarrierError as again:
        logger.warning("A call that failed could not be hung up", call=call.pk, code=again.code)


def _send(call: Call, command: Command) -> bool:
    """False: the call is over at Telnyx. Raises CarrierError."""
    assert call.carrier_account is not None
    return ask_telnyx(
        call.carrier_account, lambda rest: rest.send_to_live(command), timeout_s=ANSWERS_WITHIN_S
    )


def _gone(call: Call) -> None:
    """The caller hung up while our command was on its way. Its ``call.hangup`` may come later or never."""
    happening = Happening("carrier.gone", {}, "telnyx:gone")
    step = Step.COMPLETED if call.answered_at else Step.CANCELLED
    advance_call(call_id=call.pk, step=step, happening=happening)

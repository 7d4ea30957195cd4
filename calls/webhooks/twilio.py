"""What Twilio tells and asks. Each door translates and calls one service."""

from __future__ import annotations

import structlog
from django.http import HttpResponse

from calls.services.advance import Facts, Happening
from calls.services.answer import answer_again, answer_inbound, answer_outbound
from calls.services.carrier_recording import erase_of_deleted
from calls.services.carrier_word import rings_for_nobody, take_carrier_word
from calls.services.machine import note_machine
from calls.services.note_recording import note_carrier_recording
from calls.services.refusals import NOT_SET_UP
from calls.services.stream import note_stream
from calls.tasks import erase_recordings, hang_up_lost_call
from calls.webhooks.twilio_door import TwilioRequest, twilio_door
from calls.webhooks.twilio_replies import answered, document, nothing
from calls.webhooks.twilio_words import custom_params, status_step
from patter.carriers.twilio import markup
from patter.carriers.twilio.words import RECORDING_ENDS, who_answered
from patter_site.common.jobs import wake
from phone_numbers.models import CarrierAccount
from phone_numbers.selectors import route_of

logger = structlog.get_logger(__name__)


@twilio_door
def voice(request: TwilioRequest) -> HttpResponse:
    """A call to one of our numbers, or the callee of a call of ours, wants to know what to do."""
    if request.call_id:
        call = request.call()
        if call is None:
            return document(markup.hang_up())
        return answered(
            request, answer_outbound(call=call, carrier_call_id=request.field("CallSid")), begins=True
        )
    account = _account_for(request)
    if account is None:
        return document(markup.say_and_hang_up(NOT_SET_UP))
    answer = answer_inbound(
        account=account,
        carrier_call_id=request.field("CallSid"),
        caller=request.field("From"),
        callee=request.field("To"),
        custom_params=custom_params(request.http),
    )
    return answered(request, answer, begins=True)


@twilio_door
def resume(request: TwilioRequest) -> HttpResponse:
    """The media stream ended, and the call did not: what comes next?"""
    call, stream = request.call(), request.http.GET.get("stream", "")
    if call is None:
        return document(markup.hang_up())
    ended = int(stream) if stream.isdecimal() else 0
    return answered(request, answer_again(call=call, ended_stream=ended))


@twilio_door
def status(request: TwilioRequest) -> HttpResponse:
    """The call moved on. Repeated, late and unordered reports are normal, and harmless."""
    call, word = request.call(), request.field("CallStatus")
    step = status_step(word, request.field("SipResponseCode"))
    if call is None or step is None:
        return nothing()
    duration = request.field("CallDuration")
    facts = Facts(
        at=request.at,
        duration_s=int(duration) if duration.isdecimal() else None,
        carrier_call_id=request.field("CallSid"),
        error_code=f"twilio_{request.field('ErrorCode')}" if request.field("ErrorCode") else "",
    )
    data = {"status": word, "sip": request.field("SipResponseCode"), "duration_s": facts.duration_s}
    key = f"status:{word}:{request.field('SequenceNumber', 20)}"
    happening = Happening("carrier.status", data, key)
    advanced = take_carrier_word(call_id=call.pk, step=step, happening=happening, facts=facts)
    if rings_for_nobody(advanced, step):
        wake(hang_up_lost_call, call.pk)
    return nothing()


@twilio_door
def stream_status(request: TwilioRequest) -> HttpResponse:
    """The media stream started, stopped or failed, as Twilio sees it."""
    call = request.call()
    if call is not None:
        note_stream(
            call=call,
            stream_id=request.field("StreamSid"),
            event=request.field("StreamEvent"),
            error=request.field("StreamError", 500),
            at=request.at,
        )
    return nothing()


@twilio_door
def machine_detection(request: TwilioRequest) -> HttpResponse:
    """Whether a person or a machine answered. Markup in the response would be ignored."""
    call, heard = request.call(), who_answered(request.field("AnsweredBy"))
    if call is not None and heard is not None:
        note_machine(call=call, heard=heard, told_id=heard.detail)
    return nothing()


@twilio_door
def recording(request: TwilioRequest) -> HttpResponse:
    """The carrier's own recording of a call is there, or failed. That it goes on says nothing new."""
    call, sid = request.call(), request.field("RecordingSid")
    seconds, status = request.field("RecordingDuration"), request.field("RecordingStatus")
    if not sid or status not in RECORDING_ENDS:
        return nothing()
    if call is not None:
        note_carrier_recording(
            call=call,
            carrier_recording_id=sid,
            duration_ms=int(seconds) * 1000 if seconds.isdecimal() else 0,
            failed="" if status == "completed" else f"The carrier says {status}.",
        )
    elif len(request.accounts) == 1 and erase_of_deleted(request.accounts[0], request.call_id, sid):
        wake(erase_recordings)
    return nothing()


def _account_for(request: TwilioRequest) -> CarrierAccount | None:
    """The account whose number was called. None when several organisations could be meant."""
    if len(request.accounts) == 1:
        return request.accounts[0]
    number = request.field("To")
    fitting = [account for account in request.accounts if route_of(account, number)]
    if len(fitting) == 1:
        return fitting[0]
    logger.warning(
        "A call fits several carrier accounts and was refused; use the address with the account's id",
        carrier_accounts=[account.pk for account in request.accounts],
        fitting=len(fitting),
    )
    return None

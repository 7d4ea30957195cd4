"""Twilio's doors of a transfer: how the human's leg goes, what the human hears, what the caller does next."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse

from calls.addresses import callback_url, public_base
from calls.models import Call, Transfer
from calls.selectors import transfer_of
from calls.services.answer import answer_again
from calls.services.transfer import TransferNews, note_completed, note_from_carrier
from calls.webhooks.twilio_door import TwilioRequest, twilio_door
from calls.webhooks.twilio_replies import answered, document, nothing
from patter.carriers.briefing import briefing_of, is_accepted
from patter.carriers.twilio import markup
from patter.carriers.twilio.words import (
    TRANSFER_REASONS,
    TRANSFER_STATES,
    transfer_failure,
)


@twilio_door
def transfer(request: TwilioRequest) -> HttpResponse:
    """The human's leg moved on, or (without ``leg``) the caller's ``<Dial>`` is over: what comes next?"""
    call, ref = request.call(), request.http.GET.get("transfer", "")
    if call is None or not ref:
        return document(markup.hang_up())
    if request.http.GET.get("leg") == "human":
        _human_moved(request, call, ref)
        return nothing()
    return _dial_ended(request, call, ref)


def _dial_ended(request: TwilioRequest, call: Call, ref: str) -> HttpResponse:
    row, word = transfer_of(call, ref), request.field("DialCallStatus")
    talked = row is not None and row.joined_at is not None
    if talked or word in ("completed", "answered"):
        for state in ("joined", "completed"):  # the answer may not have been reported on its own
            note_from_carrier(call=call, news=TransferNews(ref, state))
        return document(markup.hang_up())
    declined = row is not None and row.reason == "declined"
    reason = "declined" if declined else TRANSFER_REASONS.get(word, "failed")
    note_from_carrier(call=call, news=TransferNews(ref, "failed", reason, returns=True))
    return answered(request, answer_again(call=call, ended_stream=_stream(request)))


def _human_moved(request: TwilioRequest, call: Call, ref: str) -> None:
    row, word = transfer_of(call, ref), request.field("CallStatus")
    news = TransferNews(ref, "", carrier_call_id=request.field("CallSid"))
    warm = request.http.GET.get("kind") == "warm"
    if word in TRANSFER_STATES:
        note_from_carrier(call=call, news=replace(news, state=TRANSFER_STATES[word]))
    elif word in ("in-progress", "answered"):
        note_from_carrier(call=call, news=replace(news, state="briefing" if warm else "joined"))
    elif (row is not None and row.joined_at is not None) or (word == "completed" and not warm):
        # Only a cold one that was answered is completed, whatever became of the word on the answer.
        note_completed(call=call, news=news)
    else:
        _human_lost(request, call, replace(news, state="failed"), word, warm)


def _human_lost(request: TwilioRequest, call: Call, news: TransferNews, word: str, warm: bool) -> None:
    reason = transfer_failure(word, request.field("SipResponseCode"))
    # After a cold one the caller's own <Dial> ends by itself, and brings them back.
    note_from_carrier(call=call, news=replace(news, reason=reason, returns=not warm))


@twilio_door
def whisper(request: TwilioRequest) -> HttpResponse:
    """The human answered a warm transfer: what they hear, and whether they take the call."""
    call, ref = request.call(), request.http.GET.get("transfer", "")
    row = transfer_of(call, ref) if call is not None else None
    if call is None or row is None or call.is_over or row.state in ("failed", "completed"):
        return document(markup.hang_up())
    if "answer" not in request.http.GET:
        note_from_carrier(call=call, news=TransferNews(ref, "briefing"))
        return document(_briefing(request, call, row))
    if not is_accepted(request.field("Digits"), request.field("SpeechResult")):
        note_from_carrier(call=call, news=TransferNews(ref, "failed", "declined"))
        return document(markup.hang_up())
    note_from_carrier(call=call, news=TransferNews(ref, "joined"))
    return document(markup.join_room(request.http.GET.get("room", "")))


def _briefing(request: TwilioRequest, call: Call, row: Transfer) -> str:
    base = public_base(request.http, simulated=call.simulated)
    room = request.http.GET.get("room", "")
    language = request.http.GET.get("language", "en")
    action = callback_url(call, "whisper", base, transfer=row.ref, room=room, answer=1)
    text = briefing_of(row.summary, language)[: markup.MAX_SAY_CHARS]
    return markup.ask_to_accept(text, action, language)


def _stream(request: TwilioRequest) -> int:
    stream = request.http.GET.get("stream", "")
    return int(stream) if stream.isdecimal() else 0

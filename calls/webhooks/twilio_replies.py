"""What Twilio's doors answer with."""

from __future__ import annotations

from django.http import HttpResponse

from calls.addresses import callback_url, media_url, public_base
from calls.plan import recording_policy_of
from calls.services.answer import Answer, Busy, Connect, note_callback_base
from calls.services.refusals import Refusal
from calls.webhooks.twilio_door import TwilioRequest
from patter.carriers.twilio import markup


def answered(request: TwilioRequest, answer: Answer, *, begins: bool = False) -> HttpResponse:
    """The document for an answer: a media socket, a sentence, or the end.

    ``begins``: it is the call's first document, so that a recording that is wanted begins with it.
    """
    if isinstance(answer, Refusal):
        return document(markup.say_and_hang_up(answer.sentence))
    if isinstance(answer, Busy):
        return document(markup.reject("busy"))
    if not isinstance(answer, Connect):
        return document(markup.hang_up())
    call = answer.call
    base = public_base(request.http, simulated=call.simulated)
    note_callback_base(call, base)
    records = begins and call.record is not False and recording_policy_of(call).from_the_answer
    return document(
        markup.connect_stream(
            media_url(call, base),
            parameters={"token": answer.token},
            status_callback=callback_url(call, "stream-status", base),
            after=callback_url(call, "resume", base, stream=call.stream_issued),
            record=callback_url(call, "recording", base) if records else None,
        )
    )


def document(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/xml; charset=utf-8")


def nothing() -> HttpResponse:
    return HttpResponse(status=204)

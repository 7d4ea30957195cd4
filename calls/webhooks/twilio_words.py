"""Twilio's words in ours."""

from __future__ import annotations

from django.http import HttpRequest

from calls.services.progress import Step
from patter.carriers.twilio import words
from patter.carriers.twilio.words import DECLINED_SIP, INVALID_SIP

STEPS = {
    "initiated": Step.DIALLING,
    "ringing": Step.RINGING,
    "in-progress": Step.ANSWERED,
    "answered": Step.ANSWERED,
    "completed": Step.COMPLETED,
    "busy": Step.BUSY,
    "no-answer": Step.NO_ANSWER,
    "canceled": Step.CANCELLED,
    "failed": Step.FAILED,
}


def status_step(word: str, sip_code: str = "") -> Step | None:
    """What a CallStatus makes known; None for words that say nothing new (queued) or are not known here."""
    step = STEPS.get(word)
    if step in (Step.BUSY, Step.FAILED, Step.NO_ANSWER) and sip_code in DECLINED_SIP:
        return Step.DECLINED
    if step is Step.FAILED and sip_code in INVALID_SIP:
        return Step.INVALID_NUMBER
    return step


def custom_params(request: HttpRequest) -> dict[str, str]:
    """Extra keys of the voice address and SIP headers ``X-…``."""
    query = {name: str(value) for name, value in request.GET.items()}
    return words.custom_params(query, [(name, str(request.POST[name])) for name in request.POST])

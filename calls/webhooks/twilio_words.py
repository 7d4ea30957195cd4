"""Twilio's words in ours."""

from __future__ import annotations

from django.http import HttpRequest

from calls.services.progress import Step

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
# The far end's own words (SIP) are finer than Twilio's.
DECLINED_SIP = {"603", "607", "608"}
INVALID_SIP = {"404", "410", "484", "604"}

MAX_PARAM_CHARS = 500
SIP_HEADER = "SipHeader_"
OWN_KEYS = {"call"}
YES = ("yes", "yeah", "sure", "okay", "ok", "accept", "ja", "gern", "sí", "si", "oui", "sì")


def status_step(word: str, sip_code: str = "") -> Step | None:
    """What a CallStatus makes known; None for words that say nothing new (queued) or are not known here."""
    step = STEPS.get(word)
    if step in (Step.BUSY, Step.FAILED, Step.NO_ANSWER) and sip_code in DECLINED_SIP:
        return Step.DECLINED
    if step is Step.FAILED and sip_code in INVALID_SIP:
        return Step.INVALID_NUMBER
    return step


def machine_result(answered_by: str) -> str:
    """``human``, ``machine`` or ``unknown``."""
    if answered_by == "human":
        return "human"
    return "machine" if answered_by.startswith("machine") or answered_by == "fax" else "unknown"


def greeting_is_over(answered_by: str) -> bool:
    """Whether what is said now is recorded: Twilio waited for a beep, a silence, or something else."""
    return answered_by.startswith("machine_end")


def is_accepted(digits: str, speech: str) -> bool:
    """Whether a human takes the call that they were told about: the key 1, or a word that means yes."""
    first = speech.casefold().replace(",", " ").replace(".", " ").split()[:1]
    return digits == "1" or bool(first and first[0] in YES)


def custom_params(request: HttpRequest) -> dict[str, str]:
    """Extra keys of the voice address and SIP headers ``X-…``.

    What is too long is left out: refusing the call for it would be worse.
    """
    given = {name: str(value) for name, value in request.GET.items() if name not in OWN_KEYS}
    for name in request.POST:
        value = str(request.POST[name])
        header = name.removeprefix(SIP_HEADER)
        if header != name and header.lower().startswith("x-"):
            given[header] = value
    return {name: value for name, value in given.items() if len(name) + len(value) < MAX_PARAM_CHARS}

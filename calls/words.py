"""The words and shapes that a call's state, end and errors have on a page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from calls.models import Call


@dataclass(frozen=True, slots=True)
class State:
    """A word, and a tone that gives it shape and colour: ok, bad, warn, idle, live."""

    word: str | Promise
    tone: str


STATUSES = {
    "scheduled": State(_("Scheduled"), "idle"),
    "queued": State(_("Queued"), "live"),
    "dialling": State(_("Dialling"), "live"),
    "ringing": State(_("Ringing"), "live"),
    "in_progress": State(_("In progress"), "live"),
    "transferring": State(_("Transferring"), "live"),
    "completed": State(_("Completed"), "ok"),
    "failed": State(_("Failed"), "bad"),
    "cancelled": State(_("Cancelled"), "idle"),
}
OUTCOMES = {
    "machine": State(_("Machine"), "idle"),
    "voicemail_left": State(_("Voicemail left"), "ok"),
    "busy": State(_("Busy"), "warn"),
    "no_answer": State(_("No answer"), "warn"),
    "declined": State(_("Declined"), "warn"),
    "invalid_number": State(_("Invalid number"), "bad"),
    "blocked": State(_("Blocked"), "warn"),
    "unknown": State(_("Unknown"), "warn"),
}
DIRECTIONS = {"inbound": _("Inbound"), "outbound": _("Outbound"), "web": _("Web")}
END_REASONS = {
    "caller_hung_up": _("caller hung up"),
    "agent_ended": _("agent ended it"),
    "api_hung_up": _("hung up from here or the API"),
    "transferred": _("transferred"),
    "voicemail": _("voicemail"),
    "machine": _("a machine answered"),
    "idle": _("nobody spoke any more"),
    "max_duration": _("longest allowed time reached"),
    "busy": _("busy"),
    "no_answer": _("no answer"),
    "declined": _("declined"),
    "failed": _("failed"),
    "carrier_error": _("error at the carrier"),
    "provider_error": _("error at a provider"),
    "handler_lost": _("your program went away"),
    "worker_lost": _("the process that carried it stopped"),
    "balance": _("balance used up"),
    "budget": _("budget used up"),
    "blocked": _("blocked"),
    "cancelled": _("cancelled"),
    "taken_over": _("taken over by a person"),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happened, what it means, what to do."""

    what: str | Promise
    todo: str | Promise


TROUBLES = {
    "carrier_error": Trouble(
        _("The carrier refused or broke the call."),
        _("Check the carrier account and the number's setup, then call again."),
    ),
    "provider_error": Trouble(
        _("A speech or model provider failed during the call, and there was nothing to fall back on."),
        _("Look at the provider's events below, check its key and quota, then call again."),
    ),
    "handler_lost": Trouble(
        _("Your program was not connected, or stopped answering."),
        _("Start it again and keep it connected, or let the agent reply with a model."),
    ),
    "worker_lost": Trouble(
        _("The process that carried the call stopped before its end."),
        _("If nobody restarted it, look at the server's log around this time."),
    ),
    "invalid_number": Trouble(
        _("The number called does not exist or cannot be reached."),
        _("Check the number, with its country code."),
    ),
    "blocked": Trouble(
        _("A rule of this organisation stopped the call before it was dialled."),
        _("Check the rules that apply to this number."),
    ),
    "unknown": Trouble(
        _("The carrier never said whether the call was dialled, so it was not dialled again."),
        _("Look the call up at the carrier before you place it again."),
    ),
    "failed": Trouble(_("The call could not be carried out."), _("The events below show how far it came.")),
}
DEFAULT_TROUBLE = Trouble(
    _("The call did not go as it should."),
    _("The events below show how far it came. Support finds it by the call's id."),
)


def state_of(call: Call) -> State:
    """Ended calls say how they ended, live ones where they are."""
    if call.is_over and call.outcome in OUTCOMES:
        return OUTCOMES[call.outcome]
    return STATUSES[call.status]


def trouble_of(call: Call) -> Trouble | None:
    """Only for what is an error; busy and no answer are ordinary ends."""
    if not (call.error_code or call.error_message):
        return None
    return TROUBLES.get(call.error_code) or TROUBLES.get(call.end_reason) or DEFAULT_TROUBLE

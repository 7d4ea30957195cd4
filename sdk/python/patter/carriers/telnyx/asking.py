"""How a human at Telnyx is asked whether they take a caller, by key or by word, and how both are joined.

Pure: the same in both homes. Every command is about the human's leg, which told ``event``.
"""

from __future__ import annotations

from patter.carriers.briefing import ACCEPTS, answer_in, briefing_of
from patter.carriers.telnyx import commands
from patter.carriers.telnyx.commands import Command
from patter.carriers.telnyx.webhooks import CallEvent

TRANSCRIPTION = "call.transcription"
STOPPED = frozenset({"cancelled", "cancelled_amd", "call_hangup"})
"""How a wait for a key ends that nobody answered: we stopped it ourselves, or the human is gone."""


def listen(event: CallEvent, language: str) -> Command:
    """Have the human's words told. Not every account may: then only the key is left."""
    about = f"{event.client_state}:hear"
    return commands.start_transcription(event.call_control_id, language, command_id=about)


def ask(event: CallEvent, summary: str, language: str, *, by_key: bool) -> Command:
    """Tell the summary, and wait for a key. ``by_key``: words are not understood."""
    text, about = briefing_of(summary, language, by_key=by_key), f"{event.client_state}:briefing"
    return commands.ask_for_key(event.call_control_id, text, language, command_id=about)


def takes_call(event: CallEvent) -> bool | None:
    """Whether the human takes the caller; None: they have not decided yet."""
    if event.kind != TRANSCRIPTION:
        return None if event.text("status") in STOPPED else event.text("digits") == ACCEPTS
    heard = event.payload.get("transcription_data")
    if not isinstance(heard, dict) or heard.get("is_final") is False:
        return None
    return answer_in(str(heard.get("transcript") or ""))


def quiet(caller_leg: str, event: CallEvent) -> list[Command]:
    """The caller's music ends, and so does what the human is told and heard by. None of it must succeed."""
    leg, about = event.call_control_id, event.client_state
    ends = [
        commands.stop_playback(caller_leg, command_id=f"{about}:hush"),
        commands.stop_transcription(leg, command_id=f"{about}:unhear"),
    ]
    if event.kind == TRANSCRIPTION:
        ends.append(commands.stop_gather(leg, command_id=f"{about}:asked"))
    return ends


def join(caller_leg: str, event: CallEvent) -> Command:
    return commands.bridge(caller_leg, event.call_control_id, command_id=f"{event.client_state}:bridge")

"""Why a conversation ended, in words, and what follows for the call. Pure.

The vendor closes with 1000 (its agent ended it, or its own time limit), 1002 (something failed while it
ran), 1008 (what we sent, or how the agent is set up) and 1011 (its fault); ``error_type`` says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from patter.engines.convai.wire import Trouble


class After(Enum):
    """What follows when the socket is gone."""

    HANG_UP = "hang_up"  # the vendor's agent ended the call, as it may
    TOO_LONG = "too_long"  # the vendor's own limit was reached
    AGAIN = "again"  # a new conversation may go on
    GIVE_UP = "give_up"  # asking again would meet the same refusal


@dataclass(frozen=True, slots=True)
class Ending:
    """``words``: for the call's timeline. They hold nothing that was said."""

    after: After
    words: str


MAX_DURATION = "max_duration_exceeded"
KINDS = {
    "override_error": "an override is not allowed by the ElevenLabs agent; run the check of this agent",
    "missing_dynamic_variable": "the ElevenLabs agent wants a dynamic variable that the call does not have",
    "missing_dynamic_variable_transfer": "a dynamic variable was missing after a transfer between agents",
    "invalid_message": "ElevenLabs could not read a message of ours",
    "missing_fields": "ElevenLabs missed a field in a message of ours",
    "value_error": "ElevenLabs refused a value in a message of ours",
    "safety_violation": "ElevenLabs ended the conversation for a violation of its content policy",
    "llm_timeout": "the model of the ElevenLabs agent took longer than 20 s",
    "llm_error": "the model of the ElevenLabs agent failed",
    "custom_llm_error": "ElevenLabs could not get a reply from Patter; is its public address reachable?",
    "cascade_brain_error": "all models of the ElevenLabs agent failed",
    "transport_receive_timeout": "ElevenLabs got no audio for 60 s",
    "asr_transcription_error": "speech recognition failed at ElevenLabs",
    "vad_error": "voice detection failed at ElevenLabs",
    "turn_probability_error": "turn detection failed at ElevenLabs",
    "tts_cascade_error": "all voices failed at ElevenLabs",
    MAX_DURATION: "the ElevenLabs agent's own time limit was reached",
    "telephony_agent_error": "this ElevenLabs agent cannot take calls",
}
PERMANENT = frozenset({"safety_violation", "telephony_agent_error"})
CODES = {
    1000: "the ElevenLabs agent ended the conversation",
    1002: "ElevenLabs stopped the conversation",
    1008: "ElevenLabs refused the conversation",
    1011: "ElevenLabs failed",
}
MOST_SAID = 200


def ending_of(code: int | None, reason: str, trouble: Trouble | None = None) -> Ending:
    """Of the close frame, and of the error message that came before it, if one did."""
    kind = trouble.kind if trouble is not None else ""
    code = code if code is not None else (trouble.code if trouble is not None else None)
    if not kind:  # the reason may be such a word, or begin with it; some of them hold another
        kind = max((word for word in KINDS if word in reason), key=len, default="")
    words = KINDS.get(kind) or _in_words(code, reason)
    if kind == MAX_DURATION or (code == 1000 and "duration" in reason.lower()):
        return Ending(After.TOO_LONG, KINDS[MAX_DURATION])
    if code == 1000:
        return Ending(After.HANG_UP, words)
    if code == 1008 or kind in PERMANENT:
        return Ending(After.GIVE_UP, words)
    return Ending(After.AGAIN, words)


def _in_words(code: int | None, reason: str) -> str:
    said = CODES.get(code or 0, f"the socket closed with {code}" if code else "the socket was lost")
    return f"{said}: {reason[:MOST_SAID]}" if reason else said

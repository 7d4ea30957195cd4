"""OpenAI's models for a phone call, as of November 2026.

Shutdown dates are those that its deprecations page and its SDK announce. Prices are US dollars.
"""

from __future__ import annotations

from datetime import date

from patter.engines.catalogue import Model

_SPEECH_ENDS = date(2027, 1, 6)
_FOUR_ENDS = date(2027, 1, 14)
_FIVE_ENDS = date(2026, 12, 11)
_TRANSCRIBE_ENDS = date(2027, 2, 26)

MODELS = (
    Model("openai", "llm", "gpt-6-luna", default=True, note="0.10 in, 0.01 cached, 0.50 out per 1M tokens."),
    Model("openai", "llm", "gpt-6-sol"),
    Model("openai", "llm", "gpt-6.2-sol"),
    Model("openai", "llm", "gpt-6.1-terra"),
    Model("openai", "llm", "gpt-5.6-luna", note="0.20 in, 0.02 cached, 1.20 out per 1M tokens."),
    Model("openai", "llm", "gpt-5.6-terra"),
    Model("openai", "llm", "gpt-5.6-sol"),
    Model("openai", "llm", "gpt-5", ends_on=_FIVE_ENDS),
    Model("openai", "llm", "gpt-5-mini", ends_on=_FIVE_ENDS),
    Model("openai", "llm", "gpt-5-nano", ends_on=_FIVE_ENDS),
    Model("openai", "llm", "o3", ends_on=_FIVE_ENDS),
    Model("openai", "llm", "gpt-4o", ends_on=_FOUR_ENDS, note="Replaced by gpt-6-luna."),
    Model("openai", "llm", "gpt-4o-mini", ends_on=_FOUR_ENDS, note="Replaced by gpt-6-luna."),
    Model("openai", "llm", "gpt-4.1", ends_on=_FOUR_ENDS, note="Replaced by gpt-6-luna."),
    Model("openai", "llm", "gpt-4.1-mini", ends_on=_FOUR_ENDS, note="Replaced by gpt-6-luna."),
    Model("openai", "stt", "gpt-transcribe", default=True, note="0.0045 per minute."),
    Model("openai", "stt", "gpt-4o-transcribe", ends_on=_TRANSCRIBE_ENDS, note="0.006 per minute."),
    Model("openai", "stt", "gpt-4o-mini-transcribe", ends_on=_TRANSCRIBE_ENDS, note="0.003 per minute."),
    Model("openai", "stt", "whisper-1", ends_on=_TRANSCRIBE_ENDS, note="0.006 per minute."),
    Model(
        "openai",
        "tts",
        "gpt-4o-mini-tts",
        default=True,
        ends_on=_SPEECH_ENDS,
        note="The whole speech endpoint ends; its replacement speaks through the Realtime API only.",
    ),
    Model("openai", "tts", "tts-1", ends_on=_SPEECH_ENDS, note="Takes no instructions."),
    Model("openai", "tts", "tts-1-hd", ends_on=_SPEECH_ENDS, note="Takes no instructions."),
)

VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer",
    "verse",
)  # fmt: skip
DEFAULT_VOICE = "marin"

LEAST_EFFORT: tuple[tuple[str, str | None], ...] = (
    ("gpt-4", None),
    ("gpt-3", None),
    ("gpt-5.", "none"),
    ("gpt-5", "minimal"),
    ("o1", "low"),
    ("o3", "low"),
    ("o4", "low"),
)
"""The least reasoning that a family accepts, by how its ids begin; None: it knows no such setting."""

USUAL_LEAST_EFFORT = "none"


def least_effort(model: str) -> str | None:
    """What to send as ``reasoning_effort``: the usual medium would be seconds of silence on the phone."""
    return next((effort for begin, effort in LEAST_EFFORT if model.startswith(begin)), USUAL_LEAST_EFFORT)

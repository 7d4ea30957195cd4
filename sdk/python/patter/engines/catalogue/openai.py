"""OpenAI's models for a phone call, as of November 2026.

Shutdown dates are those that its deprecations page and its SDK announce. Prices are US dollars.
"""

from __future__ import annotations

from patter.engines.catalogue import Model

_SPEECH_ENDS = "2027-01-06"
_FOUR_ENDS = "2027-01-14"
_FIVE_ENDS = "2026-12-11"
_TRANSCRIBE_ENDS = "2027-02-26"
_REALTIME_ENDS = "2027-01-20"

_MANY = (
    *("en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "ru", "uk"),
    *("hi", "id", "ja", "ko", "vi", "zh", "th", "el", "bg", "ro", "hu", "ar", "he", "multi"),
)


def _llm(
    name: str, price_usd: float | None = None, *, ends_on: str | None = None, default: bool = False
) -> Model:
    note = "Use gpt-6-luna." if ends_on else ""
    return Model("openai", "llm", name, default, _MANY, ends_on, note, price_usd, "1m_input_tokens")


def _stt(name: str, price_usd: float, *, ends_on: str | None = None, default: bool = False) -> Model:
    note = "Use gpt-transcribe." if ends_on else "Made for whole turns."
    return Model("openai", "stt", name, default, _MANY, ends_on, note, price_usd, "minute")


def _tts(name: str, *, default: bool = False) -> Model:
    note = "The whole speech endpoint ends; what replaces it speaks through the Realtime API only."
    return Model("openai", "tts", name, default, _MANY, _SPEECH_ENDS, note)


def _realtime(name: str, price_usd: float, *, ends_on: str | None = None, default: bool = False) -> Model:
    note = "Use gpt-realtime-2.1." if ends_on else "The price is that of the caller's audio."
    return Model("openai", "realtime", name, default, _MANY, ends_on, note, price_usd, "1m_input_tokens")


MODELS = (
    _llm("gpt-6-luna", 0.10, default=True),
    _llm("gpt-6-sol"),
    _llm("gpt-6.2-sol"),
    _llm("gpt-6.1-terra"),
    _llm("gpt-5.6-luna", 0.20),
    _llm("gpt-5.6-terra"),
    _llm("gpt-5.6-sol"),
    _llm("gpt-5", ends_on=_FIVE_ENDS),
    _llm("gpt-5-mini", ends_on=_FIVE_ENDS),
    _llm("gpt-5-nano", ends_on=_FIVE_ENDS),
    _llm("o3", ends_on=_FIVE_ENDS),
    _llm("gpt-4o", ends_on=_FOUR_ENDS),
    _llm("gpt-4o-mini", ends_on=_FOUR_ENDS),
    _llm("gpt-4.1", ends_on=_FOUR_ENDS),
    _llm("gpt-4.1-mini", ends_on=_FOUR_ENDS),
    _stt("gpt-transcribe", 0.0045, default=True),
    _stt("gpt-4o-transcribe", 0.006, ends_on=_TRANSCRIBE_ENDS),
    _stt("gpt-4o-mini-transcribe", 0.003, ends_on=_TRANSCRIBE_ENDS),
    _stt("whisper-1", 0.006, ends_on=_TRANSCRIBE_ENDS),
    _tts("gpt-4o-mini-tts", default=True),
    _tts("tts-1"),
    _tts("tts-1-hd"),
    _realtime("gpt-realtime-2.1", 32.0, default=True),
    _realtime("gpt-realtime-2.1-mini", 10.0),
    _realtime("gpt-realtime-2", 32.0),
    _realtime("gpt-realtime-1.5", 32.0),
    _realtime("gpt-realtime", 32.0, ends_on=_REALTIME_ENDS),
    _realtime("gpt-realtime-mini", 10.0, ends_on=_REALTIME_ENDS),
)

OTHER_PRICES_USD = {
    "gpt-6-luna": {"1m_cached_tokens": 0.01, "1m_output_tokens": 0.50},
    "gpt-5.6-luna": {"1m_cached_tokens": 0.02, "1m_output_tokens": 1.20},
    "gpt-realtime-2.1": {
        "1m_text_input_tokens": 4.0,
        "1m_cached_tokens": 0.40,
        "1m_text_output_tokens": 24.0,
        "1m_output_tokens": 64.0,
    },
    "gpt-realtime-2.1-mini": {
        "1m_text_input_tokens": 0.60,
        "1m_cached_tokens": 0.30,
        "1m_text_output_tokens": 2.40,
        "1m_output_tokens": 20.0,
    },
}
"""A model's own row holds the price of its input."""

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

"""ElevenLabs' models for a phone call, as of November 2026.

v3 and v4 models are missing on purpose: the sockets that speak µ-law in contexts refuse them.
"""

from __future__ import annotations

from patter.engines.catalogue import Model

_MANY = (
    *("en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "ru", "uk"),
    *("hi", "id", "ja", "ko", "vi", "zh", "el", "bg", "ro", "hu", "hr", "sk", "ms", "ta", "ar", "fil"),
)


def _tts(
    name: str, languages: tuple[str, ...], note: str, price: float | None = None, *, default: bool = False
) -> Model:
    return Model("elevenlabs", "tts", name, default, languages, None, note, price, "1k_characters")


MODELS = (
    _tts("eleven_flash_v2_5", _MANY, "About 75 ms; let the model write numbers out.", 0.04, default=True),
    _tts("eleven_flash_v2", ("en",), "About 75 ms."),
    _tts("eleven_turbo_v2_5", _MANY, "About 250 to 300 ms."),
    _tts("eleven_multilingual_v2", _MANY, "Slower; the richest voice of these."),
)

DIALOGUE_ONLY = ("eleven_v3", "eleven_v4")
"""How the ids of models begin that the speech sockets refuse."""

TAKES_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5")
"""Models that may be told a language; the others find it out, and refuse to be told."""

DEFAULT_VOICE = "21m00Tcm4TlvDq8ikWAM"
"""Rachel, one of the voices that every account has."""

STOCK_VOICES = {
    "rachel": DEFAULT_VOICE,
    "domi": "AZnzlk1XvdvUeBnXmlld",
    "bella": "EXAVITQu4vr4xnSDxMaL",
    "sarah": "EXAVITQu4vr4xnSDxMaL",
    "antoni": "ErXwobaYiN019PkySvjV",
    "elli": "MF3mGyEYCl7XYWbV9V6O",
    "josh": "TxGEqnHWrfWFTfGW9XjX",
    "arnold": "VR6AewLTigWG4xSOukaG",
    "adam": "pNInz6obpgDQGcFmaJgB",
    "sam": "yoZ06aMxZJJ28mfd3POQ",
}
"""Voices that may be named instead of their id, in small letters."""

MAX_CHARACTERS = {
    "eleven_flash_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_multilingual_v2": 10_000,
}
"""The longest text of one request, for each model."""

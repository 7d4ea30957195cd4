"""ElevenLabs' models for a phone call, as of November 2026.

v3 and v4 models are missing on purpose: the sockets that speak µ-law in contexts refuse them.
"""

from __future__ import annotations

from patter.engines.catalogue import Model

MODELS = (
    Model(
        "elevenlabs",
        "tts",
        "eleven_flash_v2_5",
        default=True,
        note="About 75 ms; let the model write numbers out in words. 40 USD per 1M characters.",
    ),
    Model("elevenlabs", "tts", "eleven_flash_v2", languages=("en",), note="About 75 ms."),
    Model("elevenlabs", "tts", "eleven_turbo_v2_5", note="About 250 to 300 ms."),
    Model("elevenlabs", "tts", "eleven_multilingual_v2", note="Slower; the richest voice of these."),
)

DIALOGUE_ONLY = ("eleven_v3", "eleven_v4")
"""How the ids of models begin that the speech sockets refuse."""

TAKES_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5")
"""Models that may be told a language; the others find it out, and refuse to be told."""

DEFAULT_VOICE = "21m00Tcm4TlvDq8ikWAM"
"""Rachel, one of the voices that every account has."""

MAX_CHARACTERS = {
    "eleven_flash_v2_5": 40_000,
    "eleven_flash_v2": 30_000,
    "eleven_turbo_v2_5": 40_000,
    "eleven_multilingual_v2": 10_000,
}
"""The longest text of one request, for each model."""

"""How often the line's own noise and echo make the agent pause, and how fast a real voice does.

Five minutes of real (synthesised) speech through the machine itself, on a virtual clock: noise at
-45 dBFS and the agent's echo at -20 dB, which is a bad line.
"""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from patter.engines.tts.offline import link
from patter.testing.spoken import SpokenScene, caller_saying, noise, voices_for
from patter.turn_taking import turn_taking_of

TEXT = (
    "We open at nine in the morning, and on Sundays at eleven. The kitchen closes at ten, but the bar stays "
    "open until two. Please bring a document with your name on it. Parking is behind the house, next to the "
    "river. If you would rather sit outside, tell us the day before, and we shall keep a table for you."
)
WORDS = ("stop", "no", "hello", "excuse me", "wait a moment please", "that is wrong", "yes but", "operator")
SPEECH_MS = 300_000
NOISE_DBFS = -45
ECHO_DB = -20


def false_pauses(presets: tuple[str, ...] = ("quick", "balanced", "patient")) -> list[dict[str, Any]]:
    """One row per preset."""
    try:
        return asyncio.run(_all(presets))
    finally:
        link.CHILD.stop()


async def _all(presets: tuple[str, ...]) -> list[dict[str, Any]]:
    return [await _row(preset) for preset in presets]


async def _row(preset: str) -> dict[str, Any]:
    call = await _line(preset)
    while len(call.played) < SPEECH_MS * 8:
        _speak(call, 24_000)
    pauses = call.kinds.count("barge_in.suspected")
    seconds = len(call.played) / 8_000
    return {
        "preset": preset,
        "line": f"noise {NOISE_DBFS} dBFS, echo {ECHO_DB} dB",
        "agent_speech_s": seconds,
        "false_pauses": pauses,
        "per_five_minutes": pauses * 300 / seconds,
        "voice_to_clear_ms": await _voice_to_clear_ms(preset),
    }


async def _voice_to_clear_ms(preset: str) -> float:
    """The 95th percentile over short words at several places of the agent's speech."""
    took = []
    for at, word in enumerate(WORDS * 3):
        call = await _line(preset)
        _speak(call, 3000 + 100 * at)
        before, began_ms = len(call.cleared_at), call.media_ms
        call.sound(await caller_saying(word, rate=(130, 160, 190)[at % 3]))
        call.sound(noise(400, -60))
        cleared = call.cleared_at[before:]
        took.append(cleared[0] - began_ms if cleared else 9_999)
    return float(np.percentile(took, 95))


async def _line(preset: str) -> SpokenScene:
    values = turn_taking_of({"preset": preset, "idle_prompt_s": 60})
    voices = await voices_for(TEXT)
    call = SpokenScene(voices, noise_dbfs=NOISE_DBFS, echo_db=ECHO_DB, turn_taking=values)
    call.open()
    return call


def _speak(call: SpokenScene, ms: int) -> None:
    call.hears("tell me please")
    call.handler_says(TEXT)
    call.let(ms)

"""How often the line's own noise and echo make the agent pause, and how fast a real voice does.

Five minutes of real (synthesised) speech through the machine itself, on a virtual clock, over the bad line
of ``patter.testing.noisy_line``.
"""

from __future__ import annotations

import asyncio
from typing import Any

from patter.engines.tts.offline import link
from patter.testing.noisy_line import ECHO_DB, NOISE_DBFS, five_minutes, silent_after_ms
from patter.testing.spoken import AGENT, Speaker

CALLERS = [Speaker(rate_wpm=rate) for rate in (130, 160, 190)]


def false_pauses(presets: tuple[str, ...] = ("quick", "balanced", "patient")) -> list[dict[str, Any]]:
    """One row per preset."""
    try:
        return asyncio.run(_all(presets))
    finally:
        link.CHILD.stop()


async def _all(presets: tuple[str, ...]) -> list[dict[str, Any]]:
    return [await _row(preset) for preset in presets]


async def _row(preset: str) -> dict[str, Any]:
    call = await five_minutes(AGENT, preset)
    pauses = call.kinds.count("barge_in.suspected")
    seconds = len(call.played) / 8_000
    return {
        "preset": preset,
        "line": f"noise {NOISE_DBFS} dBFS, echo {ECHO_DB} dB",
        "agent_speech_s": seconds,
        "false_pauses": pauses,
        "per_five_minutes": pauses * 300 / seconds,
        "voice_to_clear_ms": await silent_after_ms(AGENT, preset, CALLERS),
    }

"""Answering machine detection: what the carrier hears, when it says so, and to whom."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from patter.simulators.twilio.world import Phone

MACHINE_WORDS = {"Enable": "machine_start", "DetectMessageEnd": "machine_end_beep"}


@dataclass(frozen=True, slots=True)
class Detection:
    """``mode`` empty: not at all. ``callback`` empty: the first document waits for it."""

    mode: str = ""
    callback: str = ""
    timeout_s: float = 30.0

    @property
    def waits(self) -> bool:
        """Whether the caller hears nothing until the verdict (synchronous detection)."""
        return bool(self.mode) and not self.callback


def verdict(detection: Detection, phone: Phone) -> str:
    """``AnsweredBy``, in the words of the mode."""
    if phone.answered_by == "machine":
        return MACHINE_WORDS[detection.mode]
    return phone.answered_by


async def listen(detection: Detection, phone: Phone) -> tuple[str, int]:
    """Wait as long as the carrier needs. Gives ``AnsweredBy`` and the duration in milliseconds."""
    takes_s = phone.detected_after_s
    if phone.answered_by == "machine" and detection.mode == "DetectMessageEnd":
        takes_s = max(takes_s, phone.greeting_s)
    if takes_s > detection.timeout_s:
        await asyncio.sleep(detection.timeout_s)
        return "unknown", round(detection.timeout_s * 1000)
    await asyncio.sleep(takes_s)
    return verdict(detection, phone), round(takes_s * 1000)

"""How the simulated agents behave: what they understand, what they answer, and how patient they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.simulators.elevenlabs.convai_brain import Script
from patter.simulators.fault_plan import Fault

PONG_WITHIN_S = 10.0
NO_AUDIO_S = 60.0


@dataclass(slots=True)
class Ways:
    """Of all agents of one server. ``ping_s`` and the other times are for tests to shorten.

    Args:
        script: what an agent with a model of the vendor's answers.
        utterances: what is understood of each stretch of the caller's voice, in order.
        hears: the same for one conversation, by its dynamic variables; comes before ``utterances``.
        answer_fault: what goes wrong with an answer, by the conversation's dynamic variables and the number
            of its answer; comes before the faults that wait at the door ``answer``.
        alignment: audio comes with the times of its characters.
        text_late: an answer's text comes after its audio.
        told_formats: what the metadata says instead of the truth, by their fields there.
        pings: whether they ping at all.
    """

    script: Script
    utterances: list[str] = field(default_factory=list)
    hears: Callable[[Mapping[str, Any]], Iterable[str]] | None = None
    answer_fault: Callable[[Mapping[str, Any], int], Fault | None] | None = None
    ping_s: float = 2.0
    pong_within_s: float = PONG_WITHIN_S
    no_audio_s: float = NO_AUDIO_S
    llm_timeout_s: float = 20.0
    llm_again_after_s: float | None = None
    alignment: bool = True
    text_late: bool = False
    pace_s: float = 0.0
    told_formats: Mapping[str, str] = field(default_factory=dict)
    pings: bool = True

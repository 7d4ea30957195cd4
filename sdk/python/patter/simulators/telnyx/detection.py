"""What answering machine detection tells about who answered, mode by mode. Pure.

Source: the vendor's own description of ``answering_machine_detection`` (telnyx 4.189, ``call_dial_params``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patter.carriers.telnyx.detection import DEFAULT, OFF

MACHINES = (
    *("", "human", "business", "machine", "machine-beep", "beep-only", "not-sure", "fax", "silence"),
    *("screening", "screening-machine"),
)
"""What a phone's ``machine`` can be; ``screening`` passes on to its human, the other one to a mailbox."""
PREMIUM_WORDS: Mapping[str, str] = {
    "human": "human_residence",
    "business": "human_business",
    "not-sure": "not_sure",
    "fax": "fax_detected",
    "silence": "silence",
}
STANDARD_WORDS: Mapping[str, str] = {"human": "human", "business": "human", "not-sure": "not_sure"}


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook, so many ``steps`` after the answer; how long a step is, the phone says."""

    steps: int
    kind: str
    result: str


def webhooks_of(mode: str, machine: str) -> list[Told]:
    """What is told, in order."""
    if mode == OFF or not machine:
        return []
    return _premium(mode, machine) if mode.startswith("premium") else _standard(mode, machine)


def _premium(mode: str, machine: str) -> list[Told]:
    verdict, greeting = "call.machine.premium.detection.ended", "call.machine.premium.greeting.ended"
    first = Told(1, verdict, PREMIUM_WORDS.get(machine, "machine"))
    if machine == "beep-only":  # a beep before the verdict is all that is told
        return [Told(2, greeting, "beep_detected")]
    if machine == "machine-beep":
        return [first, Told(2, greeting, "beep_detected")]
    if mode == DEFAULT and machine.startswith("screening"):
        # To it the service sounds like a machine at first; then detection begins anew behind the service.
        after = "human_residence" if machine == "screening" else "machine"
        screened = Told(2, "call.machine.premium.call_screening.detected", "screening")
        return [first, screened, Told(4, verdict, after)]
    if mode == DEFAULT and machine == "machine":
        return [first, Told(2, greeting, "prompt_ended")]
    return [first]


def _standard(mode: str, machine: str) -> list[Told]:
    verdict, greeting = "call.machine.detection.ended", "call.machine.greeting.ended"
    result = STANDARD_WORDS.get(machine, "machine")
    told = [Told(1, verdict, result)]
    beeps = machine in ("machine-beep", "beep-only")
    if result != "machine" or mode == "detect":
        return told
    if mode == "greeting_end":
        return [*told, Told(2, greeting, "ended")]
    if beeps:
        return [*told, Told(2, greeting, "beep_detected")]
    return [*told, Told(2, greeting, "not_sure")] if mode == "detect_words" else told

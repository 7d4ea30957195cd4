"""Somebody whom the platform calls, in words that both simulated carriers understand."""

from __future__ import annotations

from dataclasses import dataclass

from patter.simulators.script import Digits, Listen, Say, Step, Wait
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.twilio import Phone as TwilioPhone

GREETING_S = 1.2
ANSWERS_AFTER_MS = 2500
ASKED_WITHIN_MS = 30_000
TWILIO_MACHINES = {"": "human", "human": "human", "machine": "machine", "not-sure": "unknown", "fax": "fax"}
TELNYX_MACHINES = {"": "", "human": "human", "machine": "machine-beep", "not-sure": "not-sure", "fax": "fax"}


@dataclass(frozen=True, slots=True)
class Person:
    """How a number takes a call.

    Args:
        behaviour: answer, busy, no-answer, declined or failed.
        after_s: how long it rings first.
        talk_s: how long they talk when a caller is given to them at once.
        presses, says: what they do when they are asked whether they take a caller.
        machine: what answers: human, machine (it beeps), not-sure or fax; detection takes ``detected_s``.
        steps: what they do on a call of the platform's own.
    """

    behaviour: str = "answer"
    after_s: float = 0.1
    talk_s: float = 1.0
    presses: str = ""
    says: str = ""
    machine: str = ""
    detected_s: float = 0.6
    steps: tuple[Step, ...] = (Listen(),)

    def at_twilio(self, number: str) -> TwilioPhone:
        return TwilioPhone(
            number,
            self.behaviour,
            answer_after_s=self.after_s,
            talk_s=self.talk_s,
            answered_by=TWILIO_MACHINES[self.machine],
            detected_after_s=self.detected_s,
            greeting_s=GREETING_S,
            steps=(*self._answer(), *self.steps),
        )

    def at_telnyx(self, number: str) -> TelnyxPhone:
        return TelnyxPhone(
            number,
            self.behaviour,
            answer_after_s=self.after_s,
            talk_s=self.talk_s,
            machine=TELNYX_MACHINES[self.machine],
            machine_after_s=self.detected_s,
            accepts=self.presses,
            steps=(*(() if self.presses else self._answer()), *self.steps),
        )

    def _answer(self) -> tuple[Step, ...]:
        """A key waits for the end of the question; a word is said into it."""
        if self.presses:
            return (Digits(self.presses, patience_ms=ASKED_WITHIN_MS),)
        if not self.says:
            return ()
        # On a slow machine the question may begin late, and what was said before it was said to nobody.
        return (Say(self.says, patience_ms=ANSWERS_AFTER_MS), Wait(4000), Say(self.says, patience_ms=0))

"""Who answered an outbound call: a human, a machine, or a service that asks who is calling.

The carrier gives its verdict late, and only once; the callee's own words often tell earlier. Only what the
callee says counts, never what the agent says. A verdict makes the agent fall silent; what comes then is
the call's own wish (``on_machine``). A human is never kept waiting: until a verdict the agent simply talks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

SCREENING_WITHIN_S = 45.0
"""A screening service asks at the beginning of a call; later words only sound like one."""
WORDS_WITHIN_S = 60.0
SAME_QUESTION_S = 8.0
"""A recogniser tells a question word by word: what comes so soon after its first sign belongs to it."""
FAXES = frozenset({"fax", "fax_detected"})
"""Carriers' words for a machine with which no message can be left."""
MACHINE_TEXT = "[answering machine: the beep was heard]"
"""The turn with which whoever replies is asked what to leave on a machine."""


@dataclass(frozen=True, slots=True)
class AnsweringPlan:
    """What is done when no human answers.

    Args:
        detect: whether the carrier was asked to listen for machines; then the callee's words count too.
        on_machine: leave_message, hang_up, continue, or ask (whoever replies decides what is said).
        message: what is left after the beep.
        beep_wait_s: how long the beep is waited for; then the message is left without it.
        introduction: what a screening service is told: who calls, and why. Empty: the first message.
    """

    detect: bool = False
    on_machine: str = "continue"
    message: str = ""
    beep_wait_s: float = 30.0
    introduction: str = ""


class Act(Enum):
    """What the call does now."""

    NONE = "none"
    HUSH = "hush"
    LEAVE = "leave"
    ASK = "ask"
    HANG_UP = "hang_up"
    INTRODUCE = "introduce"


class Phase(Enum):
    OPEN = "open"  # nobody knows yet
    HUMAN = "human"  # nothing more to find out
    SCREENED = "screened"  # a service was told who calls
    WAITING = "waiting"  # a machine: its greeting is not over
    DONE = "done"


SCREENING = (
    ("record_your_name", r"record your name and (?:the )?reason for calling"),
    ("see_if_available", r"see if th(?:is|e) person is available"),
    ("screening_service", r"using a screening service"),
    ("say_your_name_and_why", r"say your name,? and why you(?:'re| are) calling"),
)
MACHINE = (
    ("leave_a_message", r"leave (?:us |me |him |her |them )?(?:a|your|an)(?: \w+)? ?message"),
    ("after_the_tone", r"(?:after|at) the (?:tone|beep)"),
    ("record_your_message", r"record your message"),
    ("mailbox", r"(?:voice ?mail|mailbox) (?:box )?(?:of|is full|for)|reached the voice ?mail"),
    (
        "not_available",
        r"is not available (?:to take your call|right now)|can(?:'t|not) (?:take|answer) your call",
    ),
    ("nachricht", r"hinterlassen sie (?:bitte )?(?:eine|ihre) nachricht|nach dem (?:signal|piep|ton)"),
    ("mensaje", r"dej[ea] (?:su|un|tu) mensaje|después (?:de la señal|del tono)"),
    ("message_fr", r"laissez (?:un|votre) message|après le (?:bip|signal)"),
    ("messaggio", r"lasci(?:a|ate|are)? un messaggio|dopo il segnale"),
)
_SCREENING = [(name, re.compile(pattern)) for name, pattern in SCREENING]
_MACHINE = [(name, re.compile(pattern)) for name, pattern in MACHINE]


def screening_in(text: str) -> str | None:
    """The sign of a call screening service in the callee's words, or None."""
    return _first(_SCREENING, text)


def machine_in(text: str) -> str | None:
    """The sign of an answering machine in the callee's words, or None."""
    return _first(_MACHINE, text)


def _first(patterns: list[tuple[str, re.Pattern[str]]], text: str) -> str | None:
    plain = " ".join(text.casefold().replace("’", "'").split())  # noqa: RUF001 - recognisers write both
    return next((name for name, pattern in patterns if pattern.search(plain)), None)


class Answering:
    """One call's answer. ``evidence`` names what the present act was decided by."""

    def __init__(self, plan: AnsweringPlan, direction: str) -> None:
        self._plan = plan
        self._phase = Phase.OPEN if direction == "outbound" else Phase.HUMAN
        self._opened_at: float | None = None
        self._said_human = False
        self._asked_unheard = False
        self._asked_at: float | None = None
        self.evidence: dict[str, str] = {}
        self.due: float | None = None
        """When the beep is not waited for any longer."""

    @property
    def listens(self) -> bool:
        """Whether the callee's words may still change something."""
        return self._phase in (Phase.OPEN, Phase.SCREENED)

    def opened(self, now: float) -> None:
        self._opened_at = self._opened_at if self._opened_at is not None else now

    def verdict(self, result: str, beep: bool, detail: str, now: float) -> Act:
        """The carrier's word. Not sure means human; what was a machine may yet turn out to screen calls."""
        if result == "screening" and self._phase in (Phase.OPEN, Phase.WAITING):
            return self._screened("carrier", detail=detail)
        if self._phase is Phase.SCREENED:
            return Act.NONE  # it heard the service: a human may come on yet
        if self._phase is Phase.WAITING:
            return self._after_greeting() if beep else Act.NONE
        if self._phase in (Phase.DONE, Phase.HUMAN):
            return Act.NONE
        if result != "machine":
            # A screening service that speaks for a human sounds like one: its words still count.
            self._said_human = self._said_human or result == "human"
            return Act.NONE
        self.evidence = {"by": "carrier", "detail": detail}
        if detail in FAXES and self._plan.on_machine != "continue":
            self._phase = Phase.DONE
            return Act.HANG_UP
        return self._machine(beep, now)

    def words(self, text: str, now: float) -> Act:
        """What the callee said so far in this utterance."""
        if not self.listens or self._opened_at is None:
            return Act.NONE
        age_s = now - self._opened_at
        sign = screening_in(text) if self._may_ask(now) and age_s <= SCREENING_WITHIN_S else None
        if sign is not None:
            self._asked_at = now if self._asked_at is None else self._asked_at
            return self._screened("words", sign=sign)
        looks = self._plan.detect and not self._said_human and age_s <= WORDS_WITHIN_S
        sign = machine_in(text) if looks else None
        if sign is None:
            return Act.NONE
        self.evidence = {"by": "words", "sign": sign}
        return self._machine(False, now)

    def _may_ask(self, now: float) -> bool:
        """Whether words may be the question. One that was answered too early is answered once more."""
        same = self._asked_at is not None and now - self._asked_at <= SAME_QUESTION_S
        return self._phase is Phase.OPEN or self._asked_unheard or same

    def _screened(self, by: str, **evidence: str) -> Act:
        self._phase, self.due = Phase.SCREENED, None
        self._asked_unheard = by == "carrier"
        self.evidence = {"by": by, **evidence}
        return Act.INTRODUCE

    def _machine(self, beep: bool, now: float) -> Act:
        match self._plan.on_machine:
            case "hang_up":
                self._phase = Phase.DONE
                return Act.HANG_UP
            case "leave_message" | "ask":
                self._phase = Phase.WAITING
                if beep:
                    return self._after_greeting()
                self.due = now + self._plan.beep_wait_s
                return Act.HUSH
            case _:
                self._phase = Phase.HUMAN  # it is reported, and the agent goes on
                return Act.NONE

    def _after_greeting(self) -> Act:
        self._phase, self.due = Phase.DONE, None
        if self._plan.on_machine == "ask":
            return Act.ASK
        return Act.LEAVE if self._plan.message.strip() else Act.HANG_UP

    def handle_timer(self, now: float) -> Act:
        """The beep never came, or nobody could hear it: what is to be said is said now."""
        if self.due is None or now < self.due:
            return Act.NONE
        return self._after_greeting()

    def over(self) -> None:
        self._phase, self.due = Phase.DONE, None

"""Who answered an outbound call: a human, a machine, or a service that asks who is calling.

The carrier gives its verdict late; the callee's own words often tell earlier. Only what the callee says
counts, never what the agent says. A verdict makes the agent fall silent; what comes then is the call's own
wish (``on_machine``). A human is never kept waiting: until a verdict the agent simply talks.

"Machine" is not always the last word. A screening service sounds like one, and a human may be behind it:
its question may be recognised later, Telnyx tells of Apple's own up to 5 s later and then judges anew
whoever comes behind it. So nobody is hung up on before ``screening_wait_s``, and what the service is told
does not depend on ``on_machine``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from patter.bridge.events import MachineHeard
from patter.bridge.signs import WEAK, machine_in, screening_in

SCREENING_WITHIN_S = 45.0
"""A screening service asks at the beginning of a call; later words only sound like one."""
WORDS_WITHIN_S = 60.0
SAME_QUESTION_S = 8.0
"""A recogniser tells a question word by word: what comes so soon after its first sign belongs to it."""
AFTER_GREETING_S = 2.5
"""The carrier heard a greeting end without a beep: so long may its last words, or a beep, take to come."""
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
        screening_wait_s: how long a machine may yet turn out to screen calls before it is hung up on.
    """

    detect: bool = False
    on_machine: str = "continue"
    message: str = ""
    beep_wait_s: float = 30.0
    introduction: str = ""
    screening_wait_s: float = 6.0


class Act(Enum):
    """What the call does now."""

    NONE = "none"
    HUSH = "hush"
    LEAVE = "leave"
    ASK = "ask"
    HANG_UP = "hang_up"
    INTRODUCE = "introduce"
    GREET = "greet"  # a human, who was taken for a machine, is spoken to


class Phase(Enum):
    OPEN = "open"  # nobody knows yet
    TALKING = "talking"  # a machine, and the agent talks to it
    SCREENED = "screened"  # a service was told who calls
    WAITING = "waiting"  # a machine: its greeting is not over, or it may yet ask who calls
    DONE = "done"  # nothing more to find out


class Answering:
    """One call's answer. ``evidence`` names what the present act was decided by."""

    def __init__(self, plan: AnsweringPlan, direction: str) -> None:
        self._plan = plan
        self._phase = Phase.OPEN if direction == "outbound" else Phase.DONE
        self._opened_at: float | None = None
        self._said_human = False
        self._sure = False
        self._greeting_over = False
        self._latest_at: float | None = None
        self._asked_at: float | None = None
        self._asked_unheard = False
        self._carrier_asked = False
        self._until = 0.0
        self.evidence: dict[str, str] = {}
        self.due: float | None = None
        """When nothing is waited for any longer."""

    @property
    def listens(self) -> bool:
        """Whether the callee's words may still change something."""
        return self._phase is not Phase.DONE

    def opened(self, now: float) -> None:
        self._opened_at = self._opened_at if self._opened_at is not None else now

    # -- the carrier's word -------------------------------------------------------------------------

    def verdict(self, heard: MachineHeard, now: float) -> Act:
        """The carrier's word. Not sure means human. One that is older than what was acted on is dropped."""
        if self._phase is Phase.DONE or self._is_old(heard):
            return Act.NONE
        match heard.result:
            case "screening":
                return self._screening(heard)
            case "greeting_over":
                return self._greeting_ended(now)
            case "human":
                return self._human(heard)
            case "machine":
                return self._machine_heard(heard, now)
        return Act.NONE

    def _is_old(self, heard: MachineHeard) -> bool:
        """Carriers deliver in any order. What only adds to a verdict makes none of them old."""
        if heard.occurred_at is None or heard.result == "greeting_over":
            return False
        if self._latest_at is not None and heard.occurred_at < self._latest_at:
            return True
        self._latest_at = heard.occurred_at
        return False

    def _screening(self, heard: MachineHeard) -> Act:
        known, self._carrier_asked = self._phase is Phase.SCREENED, True
        return Act.NONE if known else self._screened(by="carrier", detail=heard.detail)

    def _greeting_ended(self, now: float) -> Act:
        """Without a beep: a pause in it looks the same, and so does the end of a service's question."""
        self._greeting_over = self._phase in (Phase.OPEN, Phase.WAITING)
        if self._phase is Phase.WAITING:
            self._wait(now)
        return Act.NONE

    def _human(self, heard: MachineHeard) -> Act:
        """A screening service that speaks for a human sounds like one: its words still count."""
        if self._phase is Phase.WAITING:
            if self._sure:
                return Act.NONE
            self._phase, self.due = Phase.OPEN, None
            self._said_human = True
            self.evidence = {"by": "carrier", "detail": heard.detail}
            return Act.GREET
        if self._phase is not Phase.SCREENED or self._carrier_asked:
            self._said_human = True
        return Act.NONE

    def _machine_heard(self, heard: MachineHeard, now: float) -> Act:
        fax = heard.detail in FAXES and self._plan.on_machine != "continue"
        if self._phase is Phase.SCREENED and not self._is_behind_service(heard, now):
            return Act.NONE  # it heard the service: a human may come on yet
        self.evidence = {"by": "carrier", "detail": heard.detail}
        if fax:
            self._phase, self.due = Phase.DONE, None
            return Act.HANG_UP
        if self._phase is Phase.WAITING:
            return self._after_greeting() if heard.beep else Act.NONE
        if self._phase is Phase.TALKING:
            return Act.NONE
        return self._machine(now, beep=heard.beep, sure=self._phase is Phase.SCREENED)

    def _is_behind_service(self, heard: MachineHeard, now: float) -> bool:
        """Whether a machine is what came behind the service: the carrier judged anew, or it beeps late.

        A verdict that was reached while the service asked is about the service, whenever it comes.
        """
        if self._carrier_asked:
            return True
        return heard.beep and self._asked_at is not None and now - self._asked_at > SAME_QUESTION_S

    # -- the callee's words ---------------------------------------------------------------------------

    def words(self, text: str, now: float) -> Act:
        """What the callee said so far in this utterance."""
        if not self.listens or self._opened_at is None:
            return Act.NONE
        age_s = now - self._opened_at
        sign = screening_in(text) if self._may_ask(now) and age_s <= SCREENING_WITHIN_S else None
        if sign is not None:
            self._asked_at = now if self._asked_at is None else self._asked_at
            return self._screened(by="words", sign=sign)
        looks = self._plan.detect and not self._said_human and age_s <= WORDS_WITHIN_S
        sign = machine_in(text) if looks and self._phase is not Phase.TALKING else None
        if self._phase is Phase.WAITING:
            return self._more_of_greeting(sign, now)
        if sign is None:
            return Act.NONE
        self.evidence = {"by": "words", "sign": sign}
        return self._machine(now, beep=False, sure=sign not in WEAK)

    def _may_ask(self, now: float) -> bool:
        """Whether words may be the question. One that was answered too early is answered once more."""
        same = self._asked_at is not None and now - self._asked_at <= SAME_QUESTION_S
        return self._phase is not Phase.SCREENED or self._asked_unheard or same

    def _more_of_greeting(self, sign: str | None, now: float) -> Act:
        """It speaks on. A sign that is no service's makes sure what it is."""
        if sign is not None and sign not in WEAK and not self._sure:
            self._sure = True
            if self._plan.on_machine == "hang_up":
                self.evidence = {"by": "words", "sign": sign}
                return self._after_greeting()
        if self._greeting_over:
            self._wait(now)
        return Act.NONE

    # -- what is done -----------------------------------------------------------------------------------

    def _screened(self, **evidence: str) -> Act:
        self._phase, self.due = Phase.SCREENED, None
        self._asked_unheard = evidence["by"] == "carrier"
        self._said_human = False  # it spoke for one
        self._sure = self._greeting_over = False
        self.evidence = evidence
        return Act.INTRODUCE

    def _machine(self, now: float, *, beep: bool, sure: bool) -> Act:
        """``sure``: it is no service that asks who calls."""
        if self._plan.on_machine == "continue":
            self._phase = Phase.TALKING  # it is reported, and the agent goes on
            return Act.NONE
        self._phase, self._sure = Phase.WAITING, sure
        hangs_up = self._plan.on_machine == "hang_up"
        wait_s = self._plan.screening_wait_s if hangs_up else self._plan.beep_wait_s
        if beep or (hangs_up and (sure or wait_s <= 0)):
            return self._after_greeting()
        self._until = now + wait_s
        self.due = self._until
        if self._greeting_over:
            self._wait(now)
        return Act.HUSH

    def _wait(self, now: float) -> None:
        """No beep is announced any more: only for what is still on its way."""
        self.due = min(self._until, now + AFTER_GREETING_S)

    def _after_greeting(self) -> Act:
        self._phase, self.due = Phase.DONE, None
        if self._plan.on_machine == "ask":
            return Act.ASK
        leaves = self._plan.on_machine == "leave_message" and self._plan.message.strip()
        return Act.LEAVE if leaves else Act.HANG_UP

    def handle_timer(self, now: float) -> Act:
        """The beep never came, or nobody could hear it: what is to be done is done now."""
        if self.due is None or now < self.due:
            return Act.NONE
        return self._after_greeting()

    def over(self) -> None:
        self._phase, self.due = Phase.DONE, None

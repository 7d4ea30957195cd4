"""From ring to end, as seen by the process that carries the call. The table is the law of this file."""

from __future__ import annotations

from enum import Enum

START_WITHIN_S = 10.0
REATTACH_WITHIN_S = 10.0
HANG_UP_WITHIN_S = 5.0
GOODBYE_WITHIN_S = 30.0

END_REASONS = frozenset(
    [
        "caller_hung_up",
        "agent_ended",
        "api_hung_up",
        "transferred",
        "voicemail",
        "machine",
        "idle",
        "max_duration",
        "busy",
        "no_answer",
        "declined",
        "failed",
        "carrier_error",
        "provider_error",
        "handler_lost",
        "worker_lost",
        "balance",
    ]
)


class State(Enum):
    ANSWERED = "answered"  # no media yet
    CONNECTED = "connected"
    DETACHED = "detached"  # the media socket is gone, the call may still be there
    ENDING = "ending"  # the carrier was asked to hang up
    ENDED = "ended"


class Cue(Enum):
    """What can move the lifecycle."""

    OPENED = "opened"
    STOPPED = "stopped"  # the carrier says that the stream ended
    LOST = "lost"  # the socket closed without a word
    OVER = "over"  # the carrier says that the call ended
    HANG_UP = "hang_up"  # we want it to end
    HUNG_UP = "hung_up"  # the carrier took our hang-up
    LATE = "late"  # the deadline of this state passed


class Act(Enum):
    NONE = "none"
    START = "start"
    REPLACE = "replace"
    HANG_UP = "hang_up"
    END = "end"


A, C, D, G, E = State.ANSWERED, State.CONNECTED, State.DETACHED, State.ENDING, State.ENDED

TABLE: dict[State, dict[Cue, tuple[State, Act]]] = {
    A: {
        Cue.OPENED: (C, Act.START),
        Cue.STOPPED: (E, Act.END),
        Cue.LOST: (D, Act.NONE),
        Cue.OVER: (E, Act.END),
        Cue.HANG_UP: (G, Act.HANG_UP),
        Cue.LATE: (G, Act.HANG_UP),
    },
    C: {
        Cue.OPENED: (C, Act.REPLACE),
        Cue.STOPPED: (E, Act.END),
        Cue.LOST: (D, Act.NONE),
        Cue.OVER: (E, Act.END),
        Cue.HANG_UP: (G, Act.HANG_UP),
    },
    D: {
        Cue.OPENED: (C, Act.START),  # becomes REPLACE where media flowed before
        Cue.OVER: (E, Act.END),
        Cue.HANG_UP: (G, Act.HANG_UP),
        Cue.LATE: (G, Act.HANG_UP),
    },
    G: {
        Cue.OVER: (E, Act.END),
        Cue.HUNG_UP: (E, Act.END),
        Cue.LATE: (E, Act.END),
    },
    E: {},
}


class Lifecycle:
    """One call's state, its deadline, and the one reason for which it ended."""

    def __init__(self, now: float) -> None:
        self.state = State.ANSWERED
        self.reason = ""
        self.was_connected = False
        self.deadline: float | None = now + START_WITHIN_S

    @property
    def over(self) -> bool:
        return self.state in (State.ENDING, State.ENDED)

    def cue(self, cue: Cue, now: float, reason: str = "") -> Act:
        """Move. A cue that the table does not name for this state changes nothing."""
        state, act = TABLE[self.state].get(cue, (self.state, Act.NONE))
        if not self.reason and state in (State.ENDING, State.ENDED):
            self.reason = reason if reason in END_REASONS else "carrier_error"
        if state is not self.state:
            self.deadline = self._deadline_of(state, now)
        if act is Act.START and self.was_connected:
            act = Act.REPLACE
        self.was_connected = self.was_connected or act is Act.START
        self.state = state
        return act

    @staticmethod
    def _deadline_of(state: State, now: float) -> float | None:
        if state is State.DETACHED:
            return now + REATTACH_WITHIN_S
        return now + HANG_UP_WITHIN_S if state is State.ENDING else None

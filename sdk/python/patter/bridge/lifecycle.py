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
    TRANSFERRING = "transferring"  # the carrier connects the caller to a human
    ENDING = "ending"  # the carrier was asked to hang up
    ENDED = "ended"


class Cue(Enum):
    """What can move the lifecycle."""

    OPENED = "opened"
    STOPPED = "stopped"  # the carrier says that the stream ended
    LOST = "lost"  # the socket closed without a word
    TRANSFER = "transfer"  # the caller is to be given to a human
    BACK = "back"  # that did not come about
    JOINED = "joined"  # the caller and the human speak with each other
    OVER = "over"  # the carrier says that the call ended
    HANG_UP = "hang_up"  # we want it to end
    HUNG_UP = "hung_up"  # the carrier took our hang-up
    LATE = "late"  # the deadline of this state passed


class Act(Enum):
    NONE = "none"
    START = "start"
    REPLACE = "replace"
    RECALL = "recall"  # a transfer whose outcome nobody told: fetch the caller back
    HANG_UP = "hang_up"
    END = "end"


A, C, D, G, E = State.ANSWERED, State.CONNECTED, State.DETACHED, State.ENDING, State.ENDED
T = State.TRANSFERRING

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
        Cue.TRANSFER: (T, Act.NONE),
    },
    T: {
        Cue.OPENED: (C, Act.REPLACE),  # the caller is back before we were told why
        Cue.OVER: (E, Act.END),
        Cue.HANG_UP: (G, Act.HANG_UP),
        Cue.BACK: (D, Act.NONE),  # stays connected where the line was never left
        Cue.JOINED: (E, Act.END),
        Cue.LATE: (D, Act.RECALL),
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
        self.over = False
        self.reason = ""
        self.was_connected = False
        self.has_line = False
        """A media socket is open, as far as we were told."""
        self.deadline: float | None = now + START_WITHIN_S
        self._leaves = 0.0

    def will_leave(self, until: float) -> None:
        """What we asked of the carrier may end the stream, not the call: it opens a new one by ``until``."""
        self._leaves = until

    def cue(self, cue: Cue, now: float, reason: str = "", within_s: float = REATTACH_WITHIN_S) -> Act:
        """Move. A cue that the table does not name for this state changes nothing.

        ``within_s``: how long a transfer may last without an outcome.
        """
        self._follow_line(cue)
        if cue is Cue.STOPPED and self.state is State.CONNECTED and now < self._leaves:
            cue = Cue.LOST
            within_s = max(within_s, self._leaves - now)
        state, act = TABLE[self.state].get(cue, (self.state, Act.NONE))
        if cue is Cue.BACK and self.state is State.TRANSFERRING and self.has_line:
            state, act = State.CONNECTED, Act.REPLACE
        if not self.reason and state in (State.ENDING, State.ENDED):
            self.reason = reason if reason in END_REASONS else "carrier_error"
        if state is not self.state:
            self.deadline = self._deadline_of(state, now, within_s)
        if act is Act.START and self.was_connected:
            act = Act.REPLACE
        self.was_connected = self.was_connected or act is Act.START
        self.state = state
        self.over = state in (State.ENDING, State.ENDED)
        return act

    def _follow_line(self, cue: Cue) -> None:
        if cue is Cue.OPENED:
            self.has_line, self._leaves = True, 0.0
        elif cue in (Cue.STOPPED, Cue.LOST):
            self.has_line = False

    @staticmethod
    def _deadline_of(state: State, now: float, within_s: float) -> float | None:
        if state in (State.DETACHED, State.TRANSFERRING):
            return now + within_s
        return now + HANG_UP_WITHIN_S if state is State.ENDING else None

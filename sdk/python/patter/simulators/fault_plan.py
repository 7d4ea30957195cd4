"""What goes wrong on purpose at a simulated provider, request by request."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one request. All off by default.

    Args:
        status: the request is refused with this HTTP status.
        code: the machine-readable word of the refusal.
        retry_after_s: sent as ``Retry-After`` with the refusal.
        late_s: the answer begins this late.
        silent: the request is taken and nothing ever comes.
        cut_after: after so many pieces the connection is torn down.
        stall_after: after so many pieces nothing more comes, and the connection stays open.
        piece_bytes: audio comes in pieces of this size; odd ones cut samples in two.
        wrong_format: audio comes as a WAV file where raw samples were asked for.
        garbage: one message that cannot be parsed comes first.
        empty: the answer is a success with nothing in it.
        no_end: the last message, which says that all came, is left out.
    """

    status: int = 0
    code: str = ""
    retry_after_s: float | None = None
    late_s: float = 0.0
    silent: bool = False
    cut_after: int | None = None
    stall_after: int | None = None
    piece_bytes: int = 0
    wrong_format: bool = False
    garbage: bool = False
    empty: bool = False
    no_end: bool = False


class FaultPlan:
    """Faults that wait for their request, for each door (``chat``, ``speech`` ...) in order."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}

    def add(self, door: str, fault: Fault, times: int = 1) -> None:
        """For the next ``times`` requests."""
        self._waiting[door].extend([fault] * times)

    def always(self, door: str, fault: Fault | None) -> None:
        """For every request for which nothing else waits; None ends it."""
        if fault is None:
            self._always.pop(door, None)
        else:
            self._always[door] = fault

    def take(self, door: str) -> Fault:
        """What goes wrong with this request."""
        waiting = self._waiting[door]
        return waiting.popleft() if waiting else self._always.get(door, Fault())


class CutError(Exception):
    """Raised within an answer to tear its connection down."""

"""What listens and speaks in a call: the contract between the call machine and its engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from patter.bridge.clock import MediaClock
from patter.bridge.commands import Command
from patter.bridge.events import Event
from patter.bridge.memory import Memory
from patter.bridge.plan import CallPlan
from patter.bridge.playback import Playback


@dataclass(frozen=True, slots=True)
class EndCall:
    """An engine's wish: the call is to end now. It never leaves the call machine.

    ``say``: what the caller should have heard and did not; the carrier is asked to say it.
    """

    reason: str
    say: str = ""


@dataclass(frozen=True, slots=True)
class TransferCall:
    """An engine's wish: somebody else is to go on with this caller. It never leaves the call machine.

    The engine hears the answer as ``ToolDone`` with this ``run_id``, where the call stays or comes back: a
    refused target, busy, no answer, declined, failed. ``target`` is a number or the name of a target of the
    agent; ``summary`` is told to the human first where the transfer is warm.
    """

    run_id: str
    target: str
    kind: str = ""
    summary: str = ""


Outcome = list[Command | EndCall | TransferCall]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the call machine and its engine share."""

    plan: CallPlan
    clock: MediaClock
    playback: Playback
    memory: Memory


class Engine(Protocol):
    """A pure machine: event and time in, commands out."""

    def start(self, now: float) -> Outcome:
        """Media flows: open what is needed and speak first, if that is wanted."""

    def receive(self, event: Event, now: float) -> Outcome:
        """An event that concerns listening or speaking. Caller audio comes with the call's media time."""

    def playback_moved(self, now: float) -> Outcome:
        """The carrier played something, or playback's own time came."""

    def line_replaced(self, now: float) -> Outcome:
        """Another media socket took over: what the carrier had buffered is gone."""

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """The caller's line is used for something else: nothing is awaited until ``line_replaced``.

        ``goes_on``: what is being said goes on afterwards (keys); else it ends here (a transfer).
        """

    def hush(self, now: float) -> Outcome:
        """A machine listens, not a human: what is being said ends, and leaves no trace in the history.

        Nothing is answered until the engine is told to say something (``SayAsked``, ``say_last``).
        """

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        """Say this text, which nothing interrupts, then end with this reason."""

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        """Say the goodbye phrase, then end with this reason."""

    def next_timer(self) -> float | None: ...

    def handle_timer(self, now: float) -> Outcome: ...

    def stop(self, now: float) -> Outcome:
        """The call is over: settle the open turn and stop all work."""

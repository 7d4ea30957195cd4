"""Transfers: to whom the caller may be given, and how the present one stands.

A model can be talked into any number, so nobody is called who is not among the agent's targets or its
allowed prefixes: that is decided here, once, for the agent, the API and the page alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patter.bridge.dear_numbers import costs_more_than

KINDS = ("cold", "warm")
BRIEFING_S = 60
"""How long a human may listen to the summary and make up their mind."""
MARGIN_S = 15
"""For the carrier to begin, and to tell the end, beside the time that it rings."""
NO_TARGETS = " This agent has no transfer targets."
REASONS: Mapping[str, str] = {
    "busy": "The line is busy.",
    "no_answer": "Nobody answered.",
    "declined": "The call was not accepted.",
    "failed": "The call could not be put through.",
    "cancelled": "The transfer was cancelled.",
    "carrier_error": "The carrier could not make the transfer.",
}
"""Why a transfer did not come about, as the agent is told it."""


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """Somebody to whom the agent may give a caller. ``number`` is E.164, ``kind`` cold or warm."""

    name: str
    number: str
    kind: str = "cold"
    description: str = ""
    ring_s: int = 30


@dataclass(frozen=True, slots=True)
class TransferPolicy:
    """Whom this agent may transfer to: its targets, and any number that begins with one of the prefixes.

    What costs the caller's side more than an ordinary call needs a target, or a prefix, of its own.
    """

    targets: tuple[TransferTarget, ...] = ()
    prefixes: tuple[str, ...] = ()

    @property
    def some(self) -> bool:
        """Whether there is anybody to transfer to."""
        return bool(self.targets or self.prefixes)

    def find(self, asked: str) -> TransferTarget | None:
        """The target of this name or number; a number that only a prefix allows is its own name."""
        wanted, number = asked.strip(), _number_in(asked)
        for target in self.targets:
            if wanted.casefold() == target.name.casefold() or number == target.number:
                return target
        plain = number.startswith("+") and number[1:].isascii() and number[1:].isdecimal()
        if plain and 8 <= len(number) <= 16 and any(_is_allowed(number, one) for one in self.prefixes):
            return TransferTarget(number, number)
        return None

    def refusal(self, asked: str) -> str:
        """What to tell whoever asked for a target that is not allowed."""
        names = [repr(target.name) for target in self.targets]
        numbers = [f"numbers that begin with {' or '.join(self.prefixes)}"] if self.prefixes else []
        known = f" Possible: {', '.join([*names, *numbers])}." if self.some else NO_TARGETS
        return f"Callers cannot be transferred to {asked.strip()[:60]!r}.{self._why_dear(asked)}{known}"

    def _why_dear(self, asked: str) -> str:
        number = _number_in(asked)
        for prefix in self.prefixes:
            if number.startswith(prefix) and costs_more_than(number, prefix):
                return (
                    f" The prefix {prefix} does not mean premium, satellite and other dear numbers: this one "
                    "needs a target or a longer prefix of its own."
                )
        return ""


def _number_in(asked: str) -> str:
    return "".join(character for character in asked.strip() if character not in " -()./")


def _is_allowed(number: str, prefix: str) -> bool:
    return number.startswith(prefix) and not costs_more_than(number, prefix)


def own_number(target: TransferTarget) -> str:
    """Why a caller is not given to a side of their own call: the agent would call itself, and pay for it."""
    return f"Callers cannot be transferred to {target.name!r}: it has the number of this very call."


@dataclass(slots=True)
class Transfer:
    """One transfer of this call. ``failed`` is the reason, once it did not come about."""

    transfer_id: str
    target: TransferTarget
    kind: str
    run_id: str = ""
    """The tool run that waits for the outcome; empty where somebody outside asked."""
    failed: str = ""

    @property
    def within_s(self) -> float:
        """After this long without an outcome it has failed."""
        briefing_s = BRIEFING_S if self.kind == "warm" else 0
        return self.target.ring_s + briefing_s + MARGIN_S


class Transfers:
    """The transfers of one call: one at a time, numbered. ``of_call`` are the numbers of both its sides."""

    def __init__(self, policy: TransferPolicy, *, of_call: tuple[str, ...] = ()) -> None:
        self._policy = policy
        self._of_call = of_call
        self._count = 0
        self.current: Transfer | None = None

    def begin(self, asked: str, kind: str, run_id: str) -> Transfer | str:
        """A transfer to this target, or the sentence that says why not."""
        if self.current is not None:
            return "A transfer is already under way."
        if kind and kind not in KINDS:
            return f"A transfer is cold or warm, not {kind[:20]!r}."
        target = self._policy.find(asked)
        if target is None:
            return self._policy.refusal(asked)
        if target.number in self._of_call:
            return own_number(target)
        self._count += 1
        self.current = Transfer(f"x{self._count}", target, kind or target.kind, run_id)
        return self.current

    def settle(self) -> Transfer | None:
        """The outcome was told: forget the transfer."""
        settled, self.current = self.current, None
        return settled


def outcome_of(transfer: Transfer) -> dict[str, str]:
    """What the model is told of a transfer that did not come about."""
    why = REASONS.get(transfer.failed, REASONS["failed"])
    return {"status": transfer.failed, "error": f"{why} The caller is back with you: tell them, and go on."}

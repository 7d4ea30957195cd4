"""The simulated carrier's own bill: what each leg used. Nobody else writes to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

UNIT_S = 60
"""Both carriers bill calls by the started minute."""


@dataclass(frozen=True, slots=True)
class Billed:
    """One leg.

    Args:
        direction: in the carrier's own word.
        seconds: from the answer to the end, started seconds.
        heard_ms: sound of the person at the far end that was sent to the application.
        played_ms: the application's sound that was played to them.
        recorded_s: of the carrier's own recordings.
        detected: answering machine detection was asked for.
    """

    call_sid: str
    direction: str
    seconds: int
    from_: str = ""
    to: str = ""
    heard_ms: int = 0
    played_ms: int = 0
    recorded_s: int = 0
    detected: bool = False

    @property
    def minutes(self) -> int:
        """The units that are billed."""
        return -(-self.seconds // UNIT_S)

    def as_json(self) -> dict[str, Any]:
        row = asdict(self)
        row["from"] = row.pop("from_")
        return {**row, "minutes": self.minutes}


class Ledger:
    """Every leg that was answered, in the order of their ends."""

    def __init__(self) -> None:
        self._rows: list[Billed] = []

    def enter(self, billed: Billed) -> None:
        """A leg ended. Unanswered ones cost nothing."""
        if billed.seconds > 0:
            self._rows.append(billed)

    def __iter__(self) -> Iterator[Billed]:
        return iter(list(self._rows))

    def of(self, call_sid: str) -> Billed:
        """Raises LookupError for a leg that is not on the bill."""
        for billed in self._rows:
            if billed.call_sid == call_sid:
                return billed
        raise LookupError(f"not on the bill: {call_sid}")

    def as_json(self) -> dict[str, Any]:
        rows = [billed.as_json() for billed in self._rows]
        sums = ("seconds", "minutes", "heard_ms", "played_ms", "recorded_s")
        return {"legs": rows, "total": {name: sum(row[name] for row in rows) for name in sums}}

"""Entries of the simulated debugger: what Twilio would complain about."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

WARNINGS = frozenset({12200, 31930, 31931, 31950, 31951, 15003, 12301})


@dataclass(frozen=True, slots=True)
class Trouble:
    """``code`` is Twilio's number for it."""

    code: int
    text: str

    @property
    def is_warning(self) -> bool:
        """Whether the call goes on as if nothing had happened."""
        return self.code in WARNINGS

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "level": "warning" if self.is_warning else "error"}


class TroubleError(Exception):
    """A document or an address that Twilio cannot go on with."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.trouble = Trouble(code, text)

"""What the leg of a human, to whom a caller is given, carries as its ``client_state``. Pure.

Telnyx repeats it in every webhook of the leg. So each of them says whose it is and how the human is joined,
whatever is written down by then.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HumanState:
    """``call_id:transfer_id:kind``; ``kind`` is cold, warm, or empty where it was not said."""

    call_id: str
    transfer_id: str
    kind: str = ""

    @classmethod
    def parse(cls, client_state: str) -> HumanState | None:
        """None: it is the state of another leg."""
        call_id, _, rest = client_state.partition(":")
        transfer_id, _, kind = rest.partition(":")
        return cls(call_id, transfer_id, kind) if call_id and transfer_id else None

    def __str__(self) -> str:
        return ":".join(filter(None, (self.call_id, self.transfer_id, self.kind)))

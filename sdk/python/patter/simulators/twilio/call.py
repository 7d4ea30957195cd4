"""One simulated call: what was ordered, how it stands, what happened in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from patter.simulators.caller import Clip
from patter.simulators.observed import ObservedCall
from patter.simulators.twilio.detection import Detection
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.trouble import Trouble
from patter.simulators.twilio.world import Account, Phone, new_sid

if TYPE_CHECKING:
    from patter.simulators.twilio.recordings import Recording

OVER = ("completed", "busy", "no-answer", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document comes from: an address, or the document itself."""

    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    twiml: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A call as it was asked for. ``clips`` is what the person at the far end does."""

    account: Account
    direction: str
    from_: str
    to: str
    source: Source
    clips: Sequence[Clip]
    status_callback: str = ""
    status_events: frozenset[str] = frozenset({"completed"})
    behaviour: str = "answer"
    queued_s: float = 0.0
    answer_after_s: float = 0.1
    ring_timeout_s: float = 60.0
    time_limit_s: float = 120.0
    profile: frozenset[str] = frozenset()
    faults: Faults = Faults()
    phone: Phone | None = None
    detection: Detection = Detection()


class Call(ObservedCall):
    """The facts of a call and the two requests that can be made of it: end, and go elsewhere."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.sid = new_sid("CA")
        self.order = order
        self.status = "queued" if order.direction == "outbound-api" else "ringing"
        self.created_at = datetime.now(UTC)
        self.troubles: list[Trouble] = []
        self.replaced = asyncio.Event()
        self.replacement: Source | None = None
        self.answered_by: str | None = None
        self.recordings: dict[str, Recording] = {}

    # -- asked from outside -------------------------------------------------------------------

    def end(self, cause: str, status: str = "completed") -> None:
        """The call is over. The first cause counts."""
        if self.over.is_set():
            return
        self.cause, self.status = cause, status
        if self.answered_ms is not None:
            self.duration_s = max(1, -(-(self.now_ms() - self.answered_ms) // 1000))
        self.over.set()

    def replace(self, source: Source) -> None:
        """Leave the running document for another one."""
        self.replacement = source
        self.replaced.set()

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    # -- told -------------------------------------------------------------------------------

    def trouble(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)
        self.note("trouble", **trouble.as_json())

    def finish(self) -> None:
        self.note("ended", cause=self.cause, status=self.status, duration_s=self.duration_s)
        super().finish()

    async def ended(self, timeout_s: float = 90.0) -> Call:
        """Wait for the end, with all its callbacks."""
        async with asyncio.timeout(timeout_s):
            await self.finished.wait()
        return self

    @property
    def trouble_codes(self) -> list[int]:
        return [trouble.code for trouble in self.troubles]

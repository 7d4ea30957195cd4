"""One simulated call: what was ordered, how it stands, what happened in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from patter.audio.wav import write_pcm16
from patter.simulators.caller import Clip
from patter.simulators.facts import Fact
from patter.simulators.twilio.detection import Detection
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.play_buffer import Underrun
from patter.simulators.twilio.trouble import Trouble
from patter.simulators.twilio.world import Account, Phone, new_sid

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
    answer_after_s: float = 0.1
    ring_timeout_s: float = 60.0
    time_limit_s: float = 120.0
    profile: frozenset[str] = frozenset()
    faults: Faults = Faults()
    phone: Phone | None = None
    detection: Detection = Detection()


@dataclass(slots=True)
class Media:
    """What was measured at the carrier's end of the media. Times are milliseconds since the answer."""

    caller: bytearray = field(default_factory=bytearray)
    agent: bytearray = field(default_factory=bytearray)
    underruns: list[Underrun] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    worst_clock_lag_ms: float = 0.0

    def wav(self) -> bytes:
        """Both sides as a stereo WAV file: left the caller, right the agent."""
        return write_pcm16(bytes(self.caller), bytes(self.agent))

    def late_frames(self, over_ms: float = 0.0) -> list[Underrun]:
        """Breaks in the agent's voice, in the middle of a reply, longer than ``over_ms``."""
        return [underrun for underrun in self.underruns if underrun.gap_ms > over_ms]


class Call:
    """The facts of a call and the two requests that can be made of it: end, and go elsewhere."""

    def __init__(self, order: Order) -> None:
        self.sid = new_sid("CA")
        self.order = order
        self.status = "queued" if order.direction == "outbound-api" else "ringing"
        self.cause = ""
        self.created_at = datetime.now(UTC)
        self.media = Media()
        self.facts: list[Fact] = []
        self.troubles: list[Trouble] = []
        self.over = asyncio.Event()
        self.finished = asyncio.Event()
        self.replaced = asyncio.Event()
        self.replacement: Source | None = None
        self.answered_ms: int | None = None
        self.duration_s = 0
        self.answered_by: str | None = None
        self._started = asyncio.get_running_loop().time()
        self._wake = asyncio.Event()

    # -- asked from outside -------------------------------------------------------------------

    def end(self, cause: str, status: str = "completed") -> None:
        """The call is over. The first cause counts."""
        if self.over.is_set():
            return
        self.cause, self.status = cause, status
        self.duration_s = 0 if self.answered_ms is None else -(-(self.now_ms() - self.answered_ms) // 1000)
        self.over.set()

    def replace(self, source: Source) -> None:
        """Leave the running document for another one."""
        self.replacement = source
        self.replaced.set()

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    # -- told -------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """Milliseconds since the call began to exist."""
        return int((asyncio.get_running_loop().time() - self._started) * 1000)

    def note(self, kind: str, **data: Any) -> None:
        self.write(Fact(kind, self.now_ms(), data))

    def trouble(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)
        self.note("trouble", **trouble.as_json())

    def write(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._wake.set()
        self._wake = asyncio.Event()

    def finish(self) -> None:
        self.note("ended", cause=self.cause, status=self.status, duration_s=self.duration_s)
        self.finished.set()

    async def follow(self) -> AsyncIterator[Fact]:
        """Every fact from the first one on, until the call has ended."""
        index = 0
        while True:
            wake = self._wake
            while index < len(self.facts):
                yield self.facts[index]
                index += 1
            if self.finished.is_set():
                return
            if wake is self._wake:
                await wake.wait()

    async def ended(self, timeout_s: float = 30.0) -> Call:
        """Wait for the end, with all its callbacks."""
        async with asyncio.timeout(timeout_s):
            await self.finished.wait()
        return self

    # -- asked by tests and clients -------------------------------------------------------------

    def of_kind(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]

    async def reached(self, kind: str, count: int = 1, timeout_s: float = 10.0) -> Fact:
        """Wait until a kind of fact has been noted ``count`` times."""
        async with asyncio.timeout(timeout_s):
            async for fact in self.follow():
                count -= fact.kind == kind
                if count == 0:
                    return fact
        raise AssertionError(f"the call ended without {kind}")

    @property
    def latencies_ms(self) -> list[int]:
        """Of each turn: from the end of the caller's voice to the first sound of the reply."""
        return [fact.data["ms"] for fact in self.of_kind("turn_latency")]

    @property
    def trouble_codes(self) -> list[int]:
        return [trouble.code for trouble in self.troubles]

"""What every simulated call has, whoever carries it: its facts as they happen, and what was heard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from patter.audio.frames import BYTES_PER_MS
from patter.audio.wav import write_pcm16
from patter.simulators.facts import Fact
from patter.simulators.play_buffer import Underrun
from patter.simulators.sound import is_audible

if TYPE_CHECKING:
    from patter.simulators.carrier.media import MediaSocket


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


class ObservedCall:
    """Facts, written by the simulator and followed by whoever watches.

    ``over``: the call has ended. ``finished``: and its last callback was posted. ``stream``: the newest media
    socket.
    """

    def __init__(self) -> None:
        self.cause = ""
        self.media = Media()
        self.stream: MediaSocket | None = None
        self.facts: list[Fact] = []
        self.over = asyncio.Event()
        self.finished = asyncio.Event()
        self.answered_ms: int | None = None
        self.duration_s = 0
        self._started = asyncio.get_running_loop().time()
        self._wake = asyncio.Event()

    def now_ms(self) -> int:
        """Milliseconds since the call began to exist."""
        return int((asyncio.get_running_loop().time() - self._started) * 1000)

    def note(self, kind: str, **data: Any) -> None:
        self.write(Fact(kind, self.now_ms(), data))

    def write(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._wake.set()
        self._wake = asyncio.Event()

    def finish(self) -> None:
        """Nothing more happens."""
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

    # -- asked by tests and clients -------------------------------------------------------------

    def of_kind(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]

    async def reached(self, kind: str, count: int = 1, timeout_s: float = 40.0) -> Fact:
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


def media_result(call: ObservedCall, audio_path: str) -> dict[str, Any]:
    """What was measured in a call, as JSON for clients."""
    media = call.media
    return {
        "over": call.finished.is_set(),
        "duration_s": call.duration_s,
        "answered_ms": call.answered_ms,
        "latencies_ms": call.latencies_ms,
        "audio": {
            "path": audio_path,
            "ms": len(media.agent) // BYTES_PER_MS,
            "agent_was_heard": any(fact.kind == "agent_started" for fact in call.facts)
            or is_audible(bytes(media.agent)),
        },
        "stats": {
            **media.counts,
            "underruns": [asdict(underrun) for underrun in media.underruns],
            "late_frames": len(media.late_frames()),
            "worst_clock_lag_ms": round(media.worst_clock_lag_ms, 3),
        },
        "facts": [fact.as_json() for fact in call.facts],
    }

"""One caller of the load: frames by an absolute clock, and the stopwatch of what comes back."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from enum import Enum
from typing import Any

import orjson

from benchmarks import script
from benchmarks.order import Number, Result
from benchmarks.play_buffer import PlayBuffer
from benchmarks.sockets import ClientSocket

LATE_S = 0.06
ANSWER_WITHIN_S = 5.0
CLEAR_WITHIN_S = 2.0
REPLY_WITHIN_S = 10.0


class Phase(Enum):
    PAUSE = "pause"
    TALKING = "talking"
    ENDING = "ending"
    WAITING = "waiting"
    LISTENING = "listening"


# The voice is the same in every call, so it is encoded once.
_VOICE = script.voice(script.UTTERANCE_FRAMES * script.FRAME_BYTES)
VOICED = [
    base64.b64encode(_VOICE[at : at + script.FRAME_BYTES]) for at in range(0, len(_VOICE), script.FRAME_BYTES)
]
QUIET = base64.b64encode(script.SILENCE * script.FRAME_BYTES)


class Call:
    """One caller: says the same sentence again and again, and interrupts every third answer."""

    def __init__(self, number: Number, result: Result, phase_s: float) -> None:
        self.number = number
        self.result = result
        self._phase_s = phase_s
        self._loop = asyncio.get_running_loop()
        self._socket: ClientSocket | None = None
        self._stream_sid = b""
        self._buffer = PlayBuffer()
        self._phase = Phase.PAUSE
        self._frames_left = script.PAUSE_FRAMES
        self._count = 0
        self._turns = 0
        self._asked_at = 0.0
        self._counts = False
        self._got = 0
        self._first_at = 0.0
        self._barge_at: float | None = None
        self._voiced_at: float | None = None
        self._ticks: asyncio.TimerHandle | None = None
        self._due = self._began = 0.0
        self.spoke_ms: list[float] = []
        self.played_ms: list[float] = []
        self.closed = asyncio.Event()
        self.idle = asyncio.Event()

    # -- the caller's clock -----------------------------------------------------------------------

    def begin(self, socket: ClientSocket, stream_sid: str) -> None:
        self._socket = socket
        self._stream_sid = stream_sid.encode()
        socket.on_message = self._message
        socket.on_closed = self._lost
        self._tail = b'"},"streamSid":"' + self._stream_sid + b'"}'
        self._due = self._loop.time() + self._phase_s
        # A frame leaves when its last sample was spoken.
        self._began = self._due - script.FRAME_S
        self._ticks = self._loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        if self._ticks is not None:
            self._ticks.cancel()
            self._ticks = None

    def _tick(self) -> None:
        now = self._loop.time()
        if self.result.counting:
            self.result.tick_late_ms.append((now - self._due) * 1000)
        self._due += script.FRAME_S
        # After a long stall the frames that are due go out at once, as a carrier's would.
        self._ticks = self._loop.call_at(self._due, self._tick)
        self._send_frame(self._next_frame(now))
        for name in self._buffer.reached(now):
            self._echo(name)

    def _next_frame(self, now: float) -> bytes:
        self._watch(now)
        if self._phase is Phase.TALKING:
            at = script.UTTERANCE_FRAMES - self._frames_left
            self._frames_left -= 1
            if at == 0:
                self.spoke_ms.append(self._count * script.FRAME_S * 1000)
            if at == 0 and self._barge_at is not None:
                self._voiced_at = now
            if not self._frames_left:
                self._phase, self._frames_left = Phase.ENDING, script.END_FRAMES
            return VOICED[at]
        if self._phase is Phase.ENDING:
            self._frames_left -= 1
            if not self._frames_left:
                self._asked(now)
        elif self._phase is Phase.PAUSE:
            self._frames_left -= 1
            if self._frames_left <= 0:
                if self.result.stopping:
                    self.idle.set()
                else:
                    self._phase, self._frames_left = Phase.TALKING, script.UTTERANCE_FRAMES
        return QUIET

    def _asked(self, now: float) -> None:
        """The frame that goes out now completes the silence: the answer's time runs."""
        self._phase = Phase.WAITING
        self._asked_at, self._got, self._barge_at = now, 0, None
        self._turns += 1
        self._counts = self.result.counting and not self.result.stopping
        if self._counts:
            self.result.expected += 1

    def _watch(self, now: float) -> None:
        """What should have happened by now."""
        if self._voiced_at is not None and now - self._voiced_at > CLEAR_WITHIN_S:
            self._voiced_at = None
            self.result.barge_ins_missed += self.result.counting
        if self._phase is Phase.WAITING and now - self._asked_at > ANSWER_WITHIN_S:
            self.result.missing += self._counts
            self._pause()
        elif self._phase is Phase.LISTENING:
            if self._barge_at is not None and now >= self._barge_at and not self.result.stopping:
                self._phase, self._frames_left = Phase.TALKING, script.UTTERANCE_FRAMES
            elif self._got >= script.REPLY_BYTES and now >= self._buffer.ends_at:
                self._pause()
            elif now - self._first_at > REPLY_WITHIN_S:
                self._missing(f"a reply of {self._got} bytes, not {script.REPLY_BYTES}")
                self._pause()

    def _missing(self, why: str) -> None:
        self.result.missing += self._counts
        if len(self.result.troubles) < 20:
            self.result.troubles.append(f"{self.number.preset} turn {self._turns}: {why}")

    def _pause(self) -> None:
        self._phase, self._frames_left = Phase.PAUSE, script.PAUSE_FRAMES

    # -- the application's side -------------------------------------------------------------------

    def _message(self, opcode: int, payload: bytes) -> None:
        now = self._loop.time()
        data = orjson.loads(payload)
        kind = data["event"]
        if kind == "media":
            self._media(base64.b64decode(data["media"]["payload"]), now)
        elif kind == "mark":
            self._buffer.mark(data["mark"]["name"])
        elif kind == "clear":
            self._cleared(now)

    def _media(self, audio: bytes, now: float) -> None:
        dry_s = self._buffer.add(len(audio), now)
        audible = bool(audio.strip(script.SILENCE))
        if self._phase is Phase.WAITING and audible:
            self.played_ms.append((self._buffer.ends_at - len(audio) / 8000 - self._began) * 1000)
            self._answered(now)
        elif self._phase is Phase.LISTENING and dry_s > LATE_S and self._got < script.REPLY_BYTES:
            self.result.late += self._counts
        self._got += len(audio)

    def _answered(self, now: float) -> None:
        if self._counts:
            self.result.latencies_ms.append((now - self._asked_at) * 1000)
        self._phase, self._first_at = Phase.LISTENING, now
        # Not always at the same point of a frame.
        self._barge_at = now + script.BARGE_IN_AFTER_S if self._turns % 3 == 0 else None

    def _cleared(self, now: float) -> None:
        if self._voiced_at is not None:
            if self.result.counting:
                times = self.result.barge_in_ms.setdefault(self.number.preset, [])
                times.append((now - self._voiced_at) * 1000)
            self._voiced_at = None
        elif self._phase is Phase.LISTENING:
            self._missing("cleared although nobody spoke")
        for name in self._buffer.clear(now):
            self._echo(name)

    def _lost(self) -> None:
        if not self.closed.is_set() and not self.result.stopping:
            self.result.failed_calls += 1
        self.stop()
        self.closed.set()
        self.idle.set()

    # -- frames -----------------------------------------------------------------------------------

    def _send_frame(self, payload: bytes) -> None:
        self._count += 1
        assert self._socket is not None
        self._socket.send(
            b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d",'
            b'"timestamp":"%d","payload":"'
            % (self._count + 1, self._count, (self._count - 1) * 20)
            + payload
            + self._tail
        )

    def _echo(self, name: str) -> None:
        assert self._socket is not None
        self._socket.send(
            orjson.dumps(
                {
                    "event": "mark",
                    "sequenceNumber": str(self._count),
                    "streamSid": self._stream_sid.decode(),
                    "mark": {"name": name},
                }
            )
        )

    async def hang_up(self, stop: dict[str, Any]) -> None:
        self.stop()
        if self._socket is None or self.closed.is_set():
            return
        self._socket.send(orjson.dumps(stop))
        self._socket.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.closed.wait(), 5)

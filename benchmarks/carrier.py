"""The load: a carrier with many calls, and the stopwatch. Run as a process of its own on a core of its own.

Every call goes the whole way: signed webhook, markup, signed media socket, ``start``, fifty frames a
second by an absolute clock, a play buffer that plays in real time and echoes marks, and the end's status.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html
import re
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import uvloop

from benchmarks import script
from benchmarks.sockets import ClientSocket, connect
from patter.carriers.twilio.signature import HEADER, sign

LATE_S = 0.06
ANSWER_WITHIN_S = 5.0
CLEAR_WITHIN_S = 2.0
REPLY_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Number:
    """Somewhere to call. ``voice_url`` empty: the media socket itself is called, without a webhook."""

    preset: str
    number: str = ""
    voice_url: str = ""
    status_url: str = ""
    media_url: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What the parent process wants."""

    numbers: list[Number]
    calls: int
    seconds: float
    account_sid: str
    auth_token: str
    ramp_s: float = 0.05

    @staticmethod
    def read(text: str) -> Order:
        data = orjson.loads(text)
        return Order(**{**data, "numbers": [Number(**number) for number in data["numbers"]]})


@dataclass(slots=True)
class Result:
    """What was seen from the time when all calls were up."""

    latencies_ms: list[float] = field(default_factory=list)
    barge_in_ms: dict[str, list[float]] = field(default_factory=dict)
    tick_late_ms: list[float] = field(default_factory=list)
    expected: int = 0
    barge_ins_missed: int = 0
    late: int = 0
    missing: int = 0
    failed_calls: int = 0
    watched: dict[str, Any] = field(default_factory=dict)
    """Of the first call: its id, and when on the media clock its caller spoke and its agent was heard."""
    troubles: list[str] = field(default_factory=list)
    counting: bool = False
    stopping: bool = False


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


class PlayBuffer:
    """Plays what came, in real time; knows when it ran dry, and which marks were reached."""

    def __init__(self) -> None:
        self.ends_at = 0.0
        self._marks: list[tuple[float, str]] = []

    def add(self, size: int, now: float) -> float:
        """Take audio; how long there had been nothing to play."""
        dry_s = now - self.ends_at
        self.ends_at = max(self.ends_at, now) + size / 8000
        return dry_s

    def mark(self, name: str) -> None:
        self._marks.append((self.ends_at, name))

    def reached(self, now: float) -> list[str]:
        count = 0
        for at, _ in self._marks:
            if at > now:
                break
            count += 1
        names = [name for _, name in self._marks[:count]]
        del self._marks[:count]
        return names

    def clear(self, now: float) -> list[str]:
        self.ends_at = min(self.ends_at, now)
        names, self._marks = [name for _, name in self._marks], []
        return names


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
        self._due = self._began = self._loop.time() + self._phase_s
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


# -- the whole way of a call ----------------------------------------------------------------------


class Carrier:
    """Places the calls, keeps them up, ends them."""

    def __init__(self, order: Order, say: Callable[[Any], None]) -> None:
        self._order = order
        self._say = say
        self._result = Result()
        self._calls: list[tuple[Call, str, str]] = []

    async def run(self) -> Result:
        order, result = self._order, self._result
        loop = asyncio.get_running_loop()
        began = loop.time()
        placing = []
        for index in range(order.calls):
            await asyncio.sleep(max(0.0, began + index * order.ramp_s - loop.time()))
            placing.append(asyncio.create_task(self._place(index)))
        await asyncio.gather(*placing)
        # One whole turn of everybody, so that nothing is cold.
        await asyncio.sleep(min(3.0, order.seconds / 4))
        self._say({"up": len(self._calls)})
        result.counting = True
        await asyncio.sleep(order.seconds)
        self._say({"over": True})
        result.stopping = True
        with contextlib.suppress(TimeoutError):
            waiting = [asyncio.create_task(call.idle.wait()) for call, _, _ in self._calls]
            await asyncio.wait_for(asyncio.gather(*waiting), REPLY_WITHIN_S)
        result.counting = False
        if self._calls:
            call, call_sid, _ = self._calls[0]
            played = {"spoke_ms": call.spoke_ms, "played_ms": call.played_ms}
            result.watched = {"call_sid": call_sid, **played}
        await asyncio.gather(*(self._end(*each) for each in self._calls))
        return result

    async def _place(self, index: int) -> None:
        number = self._order.numbers[index % len(self._order.numbers)]
        # Callers are not in step with one another.
        call = Call(number, self._result, (index * 7 % 20) / 1000 + index % 5 * 0.37)
        call_sid = f"CA{secrets.token_hex(16)}"
        try:
            media_url: str = number.media_url
            parameters: dict[str, str] = {}
            if number.voice_url:
                markup = await self._webhook(number.voice_url, self._fields(call_sid, number, "ringing"))
                media_url, parameters = stream_of(markup)
            socket = await connect(media_url, {HEADER: sign(self._order.auth_token, media_url)})
        except (OSError, TimeoutError, ValueError) as error:
            self._result.failed_calls += 1
            self._result.troubles.append(f"call {index}: {type(error).__name__}: {error}")
            return
        stream_sid = f"MZ{secrets.token_hex(16)}"
        socket.send(b'{"event":"connected","protocol":"Call","version":"1.0.0"}')
        socket.send(orjson.dumps(self._start(call_sid, stream_sid, parameters)))
        call.begin(socket, stream_sid)
        self._calls.append((call, call_sid, stream_sid))

    async def _end(self, call: Call, call_sid: str, stream_sid: str) -> None:
        ids = {"accountSid": self._order.account_sid, "callSid": call_sid}
        await call.hang_up({"event": "stop", "sequenceNumber": "99999", "streamSid": stream_sid, "stop": ids})
        if call.number.status_url:
            fields = self._fields(call_sid, call.number, "completed")
            with contextlib.suppress(OSError, TimeoutError, ValueError):
                await self._webhook(call.number.status_url, [*fields, ("CallDuration", "30")])

    def _start(self, call_sid: str, stream_sid: str, parameters: dict[str, str]) -> dict[str, Any]:
        return {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": stream_sid,
            "start": {
                "accountSid": self._order.account_sid,
                "streamSid": stream_sid,
                "callSid": call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
        }

    def _fields(self, call_sid: str, number: Number, status: str) -> list[tuple[str, str]]:
        return [
            ("AccountSid", self._order.account_sid),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", call_sid),
            ("CallStatus", status),
            ("Direction", "inbound"),
            ("From", "+12025550187"),
            ("To", number.number),
        ]

    async def _webhook(self, url: str, fields: list[tuple[str, str]]) -> str:
        """Post a signed form; the body of the answer. Raises ValueError for anything but a success."""
        parts = urlsplit(url)
        body = urlencode(fields)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        head = [
            f"POST {path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            f"{HEADER}: {sign(self._order.auth_token, url, fields)}",
            "Connection: close",
        ]
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(("\r\n".join(head) + "\r\n\r\n" + body).encode())
            answer = await asyncio.wait_for(reader.read(), 15)
        finally:
            writer.close()
        status, _, rest = answer.decode("utf-8", "replace").partition("\r\n")
        if " 20" not in status:
            raise ValueError(f"{parts.path} answered {status}")
        return rest.partition("\r\n\r\n")[2]


STREAM = re.compile(r'<Stream\b[^>]*\burl="([^"]+)"')
PARAMETER = re.compile(r'<Parameter\b[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"')


def stream_of(markup: str) -> tuple[str, dict[str, str]]:
    """Where the media socket is, and the parameters that go into ``start``. Raises ValueError."""
    found = STREAM.search(markup)
    if found is None:
        raise ValueError(f"the platform did not connect the call: {markup[:300]}")
    pairs = ((html.unescape(name), html.unescape(value)) for name, value in PARAMETER.findall(markup))
    return html.unescape(found.group(1)), dict(pairs)


def _say(message: Any) -> None:
    left = memoryview(orjson.dumps(message) + b"\n")
    while left:  # unbuffered, a pipe may take a part of a long line only
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    given = Order.read(sys.argv[1])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(Carrier(given, _say).run())
    names = [name for name in Result.__slots__ if name not in ("counting", "stopping")]
    _say({**{name: getattr(seen, name) for name in names}, "seconds": given.seconds})

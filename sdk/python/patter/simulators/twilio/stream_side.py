"""Twilio's side of a media socket: what it says, what it accepts, when it echoes. Pure.

Everything is text in and text out; the driver moves it. Times are milliseconds since ``start``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.audio.codecs import encoder
from patter.audio.frames import SAMPLE_RATE_HZ
from patter.carriers.frames import BadFrame, audio_in, parse_object, text_in
from patter.simulators.carrier.counting import Counting
from patter.simulators.carrier.marks import LostMarks
from patter.simulators.carrier.media import MAX_MESSAGE_CHARS
from patter.simulators.play_buffer import PlayBuffer
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.trouble import Trouble

# The exact fields of each message: one more or one less is an invalid message (31951).
SHAPES: Mapping[str, tuple[str | None, frozenset[str]]] = {
    "media": ("media", frozenset({"payload"})),
    "mark": ("mark", frozenset({"name"})),
    "clear": (None, frozenset()),
}

NO_FAULTS = Faults()


@dataclass(slots=True)
class Ids:
    """Who the stream belongs to."""

    stream_sid: str
    account_sid: str
    call_sid: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class StreamSide:
    """One bidirectional stream. What comes from the application is µ-law, whatever goes to it."""

    def __init__(self, ids: Ids, faults: Faults = NO_FAULTS) -> None:
        self._ids = ids
        self._lost_marks = LostMarks(faults)
        self._count = Counting(faults)
        self._encoding = "audio/x-alaw" if faults.a_law else "audio/x-mulaw"
        self._encoder = encoder("PCMA" if faults.a_law else "PCMU", SAMPLE_RATE_HZ)
        self._reported: set[int] = set()
        self.buffer = PlayBuffer()
        self.counts: Counter[str] = Counter()
        self.troubles: list[Trouble] = []

    def connected(self) -> str:
        return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self) -> str:
        ids = self._ids
        return self._message(
            "start",
            {
                "accountSid": ids.account_sid,
                "streamSid": ids.stream_sid,
                "callSid": ids.call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": self._encoding, "sampleRate": SAMPLE_RATE_HZ, "channels": 1},
                "customParameters": dict(ids.parameters),
            },
        )

    def media(self, frame: bytes, at_ms: int) -> str:
        number, chunk, timestamp = self._count.media(at_ms)
        payload = b64encode(self._encoder.feed(frame)).decode("ascii")
        # By hand, for it is said fifty times a second in every call.
        return (
            f'{{"event":"media","sequenceNumber":"{number}","media":{{"track":"inbound",'
            f'"chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}},'
            f'"streamSid":"{self._ids.stream_sid}"}}'
        )

    def digit(self, digit: str) -> str:
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        return self._message("stop", {"accountSid": self._ids.account_sid, "callSid": self._ids.call_sid})

    def play(self, now_ms: float) -> tuple[bytes, list[str]]:
        """The agent's frame that sounds now, and what there is to say about marks."""
        frame, reached = self.buffer.next_frame(now_ms)
        return frame, self._echoes(reached)

    def receive(self, message: str | bytes, now_ms: float) -> list[str]:
        """Take a message of the application; what Twilio answers at once comes back."""
        if not isinstance(message, str):
            self._trouble(31950, "binary message")
            return []
        try:
            return self._obey(self._checked(message), now_ms)
        except BadFrame as bad:
            self._trouble(31951, str(bad))
            return []

    def _checked(self, message: str) -> dict[str, Any]:
        data = parse_object(message, MAX_MESSAGE_CHARS)
        kind = text_in(data, "event")
        if kind not in SHAPES:
            raise BadFrame("unknown event")
        nested, inner = SHAPES[kind]
        outer = {"event", "streamSid"} | ({nested} if nested else set())
        if set(data) != outer:
            raise BadFrame(f"{kind} with missing or extra fields")
        if data["streamSid"] != self._ids.stream_sid:
            raise BadFrame("wrong streamSid")
        if nested and (not isinstance(data[nested], dict) or set(data[nested]) != inner):
            raise BadFrame(f"{kind}.{nested} with missing or extra fields")
        return data

    def _obey(self, data: dict[str, Any], now_ms: float) -> list[str]:
        kind = data["event"]
        self.counts[kind] += 1
        if kind == "clear":
            return self._echoes(self.buffer.clear(), cleared=True)
        if kind == "mark":
            return self._echoes(self.buffer.mark(text_in(data["mark"], "name")))
        if not self.buffer.add(audio_in(data["media"], "payload"), now_ms):
            self._trouble(31931, "more than ten minutes of audio are waiting")
        return []

    def _echoes(self, names: list[str], *, cleared: bool = False) -> list[str]:
        kept = self._lost_marks.kept(names, cleared=cleared)
        self.counts["mark_echoed"] += len(kept)
        return [self._message("mark", {"name": name}) for name in kept]

    def _trouble(self, code: int, text: str) -> None:
        """Each kind is reported once per stream, and counted every time."""
        self.counts[f"trouble_{code}"] += 1
        if code not in self._reported:
            self._reported.add(code)
            self.troubles.append(Trouble(code, text))

    def _message(self, event: str, body: Mapping[str, Any]) -> str:
        return json.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._count.message()),
                "streamSid": self._ids.stream_sid,
                event: body,
            }
        )

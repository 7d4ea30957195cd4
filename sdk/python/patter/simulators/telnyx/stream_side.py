"""Telnyx's side of a media socket: what it says, what it accepts, when it echoes. Pure.

Everything is text in and text out; the driver moves it. Times are milliseconds since ``start``. Inside, as
at a handset, sound is µ-law at 8 kHz; on the socket it has the codecs of the plan, each direction its own.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.audio.codecs import Converter, decoder, encoder
from patter.carriers.frames import BadFrame, audio_in, parse_object, text_in
from patter.simulators.carrier.counting import Counting
from patter.simulators.carrier.marks import LostMarks
from patter.simulators.carrier.media import MAX_MESSAGE_CHARS
from patter.simulators.play_buffer import PlayBuffer
from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.plan import SPOKEN, StreamPlan

SHAPES: Mapping[str, str | None] = {"media": "media", "mark": "mark", "clear": None}
SHORTEST_MS, LONGEST_MS = 20, 30_000
BYTES_PER_MS = {"PCMU": 8, "PCMA": 8}
USER_ID = "3e6f995f-85f7-4705-9741-53b116d28237"
ERRORS = {"malformed_frame": 100003, "invalid_media": 100004, "rate_limit_reached": 100005}

NO_FAULTS = Faults()


@dataclass(slots=True)
class Ids:
    """Who the stream belongs to."""

    stream_id: str
    call_control_id: str
    call_session_id: str
    from_: str
    to: str
    client_state: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


class StreamSide:
    """One bidirectional stream."""

    def __init__(
        self,
        ids: Ids,
        plan: StreamPlan,
        faults: Faults = NO_FAULTS,
    ) -> None:
        order = "big" if faults.big_endian else "little"
        self._ids = ids
        self._plan = plan
        self._lost_marks = LostMarks(faults)
        self._parameters_as_list = faults.parameters_as_list
        self._count = Counting(faults)
        # A codec that this simulator cannot speak is announced all the same, around the handset's own sound.
        heard = plan.heard if plan.heard in SPOKEN else "PCMU"
        self._to_application: Converter = encoder(heard, plan.heard_hz, order)
        self._from_application: Converter = decoder(plan.spoken, plan.spoken_hz, order)
        self.buffer = PlayBuffer()
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []

    # -- what it says -------------------------------------------------------------------------

    def connected(self) -> str:
        message: dict[str, Any] = {"event": "connected", "version": "1.0.0"}
        if self._plan.token:
            message["connected"] = {"x-telnyx-streaming-auth-token": self._plan.token}
        return json.dumps(message)

    def start(self) -> str:
        ids, plan = self._ids, self._plan
        rows = [{"name": name, "value": value} for name, value in ids.parameters.items()]
        return self._message(
            "start",
            {
                "user_id": USER_ID,
                "call_control_id": ids.call_control_id,
                "call_session_id": ids.call_session_id,
                "from": ids.from_,
                "to": ids.to,
                "client_state": ids.client_state,
                "custom_parameters": rows if self._parameters_as_list else dict(ids.parameters),
                "media_format": {"encoding": plan.heard, "sample_rate": plan.heard_hz, "channels": 1},
            },
        )

    def media(self, sound: bytes, at_ms: int) -> str:
        number, chunk, timestamp = self._count.media(at_ms)
        payload = b64encode(self._to_application.feed(sound)).decode("ascii")
        # By hand, for it is said fifty times a second in every call.
        return (
            f'{{"event":"media","sequence_number":"{number}","media":{{"track":"inbound",'
            f'"chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}},'
            f'"stream_id":"{self._ids.stream_id}"}}'
        )

    def digit(self, digit: str, occurred_at: str) -> str:
        return self._message("dtmf", {"digit": digit}, occurred_at=occurred_at)

    def stop(self) -> str:
        body = {
            "user_id": USER_ID,
            "call_control_id": self._ids.call_control_id,
        }
        return self._message("stop", body)

    def play(self, now_ms: float) -> tuple[bytes, list[str]]:
        """The agent's frame that sounds now, and what there is to say about marks."""
        frame, reached = self.buffer.next_frame(now_ms)
        return frame, self._echoes(reached)

    # -- what it is told ----------------------------------------------------------------------

    def receive(self, message: str | bytes, now_ms: float) -> list[str]:
        """Take a message of the application; what Telnyx answers at once comes back."""
        try:
            if not isinstance(message, str):
                raise BadFrame("binary message")
            data = self._checked(message)
        except BadFrame as bad:
            return [self._error("malformed_frame", str(bad))]
        try:
            return self._obey(data, now_ms)
        except BadFrame as bad:
            return [self._error("invalid_media", str(bad))]

    def _checked(self, message: str) -> dict[str, Any]:
        data = parse_object(message, MAX_MESSAGE_CHARS)
        kind = text_in(data, "event")
        if kind not in SHAPES:
            raise BadFrame("unknown event")
        nested = SHAPES[kind]
        if set(data) - {"event", "stream_id"} != ({nested} if nested else set()):
            raise BadFrame(f"{kind} with missing or extra fields")
        if data.get("stream_id", self._ids.stream_id) != self._ids.stream_id:
            raise BadFrame("another stream's id")
        if nested and not isinstance(data[nested], dict):
            raise BadFrame(f"{kind}.{nested} is not an object")
        if kind == "mark":
            text_in(data["mark"], "name")
        return data

    def _obey(self, data: dict[str, Any], now_ms: float) -> list[str]:
        kind = data["event"]
        self.counts[kind] += 1
        if kind == "clear":
            return self._echoes(self.buffer.clear(), cleared=True)
        if kind == "mark":
            return self._echoes(self.buffer.mark(data["mark"]["name"]))
        payload = audio_in(data["media"], "payload")
        if self._plan.mode != "rtp":
            # Raw sound where a whole MP3 is expected: nothing is played, and nobody says so.
            self.counts["ignored"] += 1
            return []
        self._check_length(payload)
        self.counts["sounded"] += 1
        if not self.buffer.add(self._from_application.feed(payload), now_ms):
            return [self._error("rate_limit_reached", "more than ten minutes of sound are waiting")]
        return []

    def _check_length(self, payload: bytes) -> None:
        per_ms = BYTES_PER_MS.get(self._plan.spoken, self._plan.spoken_hz * 2 // 1000)
        if not SHORTEST_MS * per_ms <= len(payload) <= LONGEST_MS * per_ms:
            raise BadFrame(f"a message holds {SHORTEST_MS} ms to {LONGEST_MS} ms of sound")
        if len(payload) % (per_ms // 8):
            raise BadFrame("half a sample")

    def _echoes(self, names: list[str], *, cleared: bool = False) -> list[str]:
        kept = self._lost_marks.kept(names, cleared=cleared)
        self.counts["mark_echoed"] += len(kept)
        return [self._message("mark", {"name": name}) for name in kept]

    def _error(self, title: str, detail: str) -> str:
        self.counts[title] += 1
        self.complaints.append(f"{title}: {detail}")
        payload = {"code": ERRORS[title], "title": title, "detail": detail}
        return json.dumps({"event": "error", "stream_id": self._ids.stream_id, "payload": payload})

    def _message(self, event: str, body: Mapping[str, Any], **more: Any) -> str:
        return json.dumps(
            {
                "event": event,
                "sequence_number": str(self._count.message()),
                "stream_id": self._ids.stream_id,
                **more,
                event: body,
            }
        )

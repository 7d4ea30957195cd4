"""Telnyx's media frames: text in, events out; commands in, text out.

``decode`` never raises. A frame that cannot be parsed is a ``FrameRejected``; a frame of a kind that is
not known here is nothing. Media may come in any order and in the codec that ``start`` names: what leaves
here is in order and µ-law at 8 kHz. Keys come from here and from nowhere else: the webhook
``call.dtmf.received`` tells of the same presses.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from typing import Any

from patter.audio.codecs import Converter, decoder, encoder
from patter.audio.frames import BYTES_PER_MS, Framer
from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    Event,
    FrameRejected,
    LegOpened,
    LegStopped,
    MarkPlayed,
)
from patter.carriers.frames import BadFrame, audio_in, number_in, object_in, parse_object, text_in
from patter.carriers.telnyx.commands import RATES_HZ
from patter.carriers.telnyx.reorder import Keys, Reorder

DIGITS = frozenset("0123456789*#ABCD")
TOKEN_NAME = "x-telnyx-streaming-auth-token"
"""Header of the upgrade and key in ``connected``: the stream's token, repeated."""
LONGEST_MESSAGE_BYTES = 10_000 * BYTES_PER_MS
"""10 s. Telnyx takes 20 ms to 30 s in one message."""
CLEAR = '{"event":"clear"}'


class Wire:
    """The media socket of one stream. Meets ``MediaWire``.

    Args:
        sends: the codec that the stream was asked to take from us.
        l16_order: of the bytes of L16, which is documented nowhere: little, big, or auto.
        token: what the upgrade's header said.
    """

    def __init__(self, sends: str = "PCMU", l16_order: str = "auto", token: str = "") -> None:
        self.stream_id = ""
        self.problem = ""
        self._order = l16_order
        self._token = token
        self._stopped = False
        self._audio: Reorder[CallerAudio] = Reorder()
        self._keys = Keys()
        self._decoder: Converter | None = None
        sent_order = "big" if l16_order == "big" else "little"
        self._encoder = encoder(sends, RATES_HZ.get(sends, 0), sent_order)
        self._framer = Framer()
        self._readers: dict[str, Callable[[dict[str, Any]], list[Event]]] = {
            "connected": self._connected,
            "start": self._start,
            "media": self._media,
            "dtmf": self._dtmf,
            "mark": self._mark,
            "stop": self._stop,
            "error": self._error,
        }

    # -- from Telnyx ------------------------------------------------------------------------------

    def decode(self, frame: str | bytes) -> list[Event]:
        try:
            data = parse_object(frame)
            kind = data.get("event")
            if not isinstance(kind, str):
                raise BadFrame("event is not a text")
            read = self._readers.get(kind)
            if read is None:
                return []
            self._check_place(kind, data)
            return read(data)
        except BadFrame as bad:
            return [FrameRejected(str(bad))]

    @property
    def holds(self) -> bool:
        """Whether something waits for what should come before it."""
        return self._audio.holds or self._keys.holds

    def release(self) -> list[Event]:
        """What waits: ask for it when nothing came for a while."""
        audio = [event for held in self._audio.release() for event in self._converted(held)]
        return [*audio, *map(DigitPressed, self._keys.release())]

    def _check_place(self, kind: str, data: dict[str, Any]) -> None:
        if kind in ("connected", "error"):
            return
        if kind == "start":
            if self.stream_id:
                raise BadFrame("second start")
            return
        if not self.stream_id:
            raise BadFrame(f"{kind} before start")
        if data.get("stream_id", self.stream_id) != self.stream_id:
            raise BadFrame("frame of another stream")
        if self._stopped:
            raise BadFrame(f"{kind} after stop")

    def _connected(self, data: dict[str, Any]) -> list[Event]:
        inside = data.get("connected")
        told = inside.get(TOKEN_NAME) if isinstance(inside, dict) else data.get(TOKEN_NAME)
        self._token = told if isinstance(told, str) and told else self._token
        return []

    def _start(self, data: dict[str, Any]) -> list[Event]:
        start = object_in(data, "start")
        media_format = object_in(start, "media_format")
        parameters = _parameters(start.get("custom_parameters"))
        encoding, rate_hz = text_in(media_format, "encoding"), number_in(media_format, "sample_rate")
        opened = LegOpened(
            stream_id=text_in(data, "stream_id"),
            carrier_call_id=text_in(start, "call_control_id"),
            account_id=str(start.get("user_id") or ""),
            encoding=encoding,
            sample_rate_hz=rate_hz,
            parameters={**({"token": self._token} if self._token else {}), **parameters},
        )
        try:
            self._decoder = decoder(encoding, rate_hz, self._order)
        except ValueError as error:
            self.problem = str(error)
        self.stream_id = opened.stream_id
        return [opened]

    def _media(self, data: dict[str, Any]) -> list[Event]:
        media = object_in(data, "media")
        payload, media_ms = audio_in(media, "payload"), number_in(media, "timestamp")
        # Our own voice, should the stream carry both tracks.
        if media.get("track", "inbound") not in ("inbound", "inbound_track"):
            return []
        if self._decoder is None:
            raise BadFrame("codec is not understood")
        heard = CallerAudio(payload, media_ms)
        in_order = self._audio.take(number_in(media, "chunk"), heard) if "chunk" in media else [heard]
        audio = [event for one in in_order for event in self._converted(one)]
        return [*audio, *map(DigitPressed, self._keys.frame())]

    def _converted(self, heard: CallerAudio) -> list[CallerAudio]:
        assert self._decoder is not None, "media before start"
        payload = self._decoder.feed(heard.payload)
        return [CallerAudio(payload, heard.media_ms)] if payload else []

    def _dtmf(self, data: dict[str, Any]) -> list[Event]:
        digit = text_in(object_in(data, "dtmf"), "digit")
        if digit not in DIGITS:
            raise BadFrame("digit is not a key")
        occurred_at = data.get("occurred_at")
        return list(
            map(DigitPressed, self._keys.press(digit, occurred_at if isinstance(occurred_at, str) else ""))
        )

    def _mark(self, data: dict[str, Any]) -> list[Event]:
        return [MarkPlayed(text_in(object_in(data, "mark"), "name"))]

    def _stop(self, data: dict[str, Any]) -> list[Event]:
        waiting = self.release()
        self._stopped = True
        return [*waiting, LegStopped()]

    def _error(self, data: dict[str, Any]) -> list[Event]:
        """Telnyx complains about a frame of ours. It is written down; the call goes on."""
        payload = object_in(data, "payload")
        code, title = payload.get("code"), payload.get("title")
        raise BadFrame(f"telnyx complains: {str(code)[:10]} {str(title)[:60]}")

    # -- to Telnyx --------------------------------------------------------------------------------

    def frames(self, command: Play | Mark | Clear) -> list[str]:
        """The frames for a command.

        Audio goes in whole frames of 20 ms, because Telnyx takes nothing shorter: the rest of a piece waits
        for the next one, and is filled up with silence before a mark.
        """
        if not self.stream_id:
            raise RuntimeError("frames() before the stream started")
        if isinstance(command, Play):
            return self._media_of(b"".join(self._framer.feed(command.payload)))
        rest = self._framer.flush()
        if isinstance(command, Clear):
            return [CLEAR]
        mark = '{"event":"mark","mark":{"name":' + json.dumps(command.name) + "}}"
        return [*self._media_of(rest or b""), mark]

    def _media_of(self, payload: bytes) -> list[str]:
        pieces = (
            payload[at : at + LONGEST_MESSAGE_BYTES] for at in range(0, len(payload), LONGEST_MESSAGE_BYTES)
        )
        return [
            '{"event":"media","media":{"payload":"'
            + b2a_base64(self._encoder.feed(piece), newline=False).decode("ascii")
            + '"}}'
            for piece in pieces
        ]


def _parameters(given: object) -> Mapping[str, str]:
    """``custom_parameters`` as an object or as a list of names and values: both forms are reported."""
    if given is None:
        return {}
    if isinstance(given, list):
        rows = [row for row in given if isinstance(row, dict)]
        given = {str(row.get("name")): row.get("value") for row in rows}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise BadFrame("custom_parameters is not an object of texts")
    return given

"""Twilio's media frames: text in, events out; commands in, text out.

``decode`` never raises. A frame that cannot be parsed is a ``FrameRejected``; a frame of a kind
that is not known here is nothing, because Twilio adds kinds without notice.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from patter.audio.codecs import Converter, Same, decoder
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

DIGITS = frozenset("0123456789*#ABCD")


class Wire:
    """The media socket of one stream: what ``decode`` does, and that the frames come in a possible order."""

    holds = False
    """Twilio's frames come in order."""

    def __init__(self) -> None:
        self.stream_id = ""
        self.problem = ""
        self._stopped = False
        self._decoder: Converter | None = None
        """None: it is µ-law, as nearly always."""

    def decode(self, frame: str | bytes) -> list[Event]:
        try:
            data = parse_object(frame)
            if self._is_next_media(data):
                return self._heard(data)
            events = _events(data)
            if data.get("event") in _READERS:
                self._follow(data, events)
        except BadFrame as bad:
            return [FrameRejected(str(bad))]
        return events

    def encode(self, command: Play | Mark | Clear) -> str:
        """The frame for a command. Only after ``start``: a frame without a stream means nothing to Twilio."""
        if not self.stream_id:
            raise RuntimeError("encode() before the stream started")
        return encode(command, self.stream_id)

    def frames(self, command: Play | Mark | Clear) -> tuple[str]:
        """Meets ``MediaWire``: at Twilio each command is one frame."""
        return (self.encode(command),)

    def release(self) -> list[Event]:
        return []

    def _is_next_media(self, data: dict[str, Any]) -> bool:
        """Nearly always: audio of this stream, between its start and its stop."""
        sid = self.stream_id
        return data.get("event") == "media" and data.get("streamSid") == sid != "" and not self._stopped

    def _heard(self, data: dict[str, Any]) -> list[Event]:
        heard = _media(data)
        if self._decoder is None:
            return heard
        return [
            CallerAudio(self._decoder.feed(event.payload), event.media_ms)
            for event in heard
            if isinstance(event, CallerAudio)
        ]

    def _follow(self, data: dict[str, Any], events: list[Event]) -> None:
        kind = data["event"]
        if kind == "start":
            if self.stream_id:
                raise BadFrame("second start")
            self.stream_id = text_in(data, "streamSid")
            for event in events:
                if isinstance(event, LegOpened):
                    self._listen(event)
            return
        if not self.stream_id:
            raise BadFrame(f"{kind} before start")
        if data.get("streamSid") != self.stream_id:
            raise BadFrame("frame of another stream")
        if self._stopped:
            raise BadFrame(f"{kind} after stop")
        self._stopped = kind == "stop"

    def _listen(self, opened: LegOpened) -> None:
        """What is heard has the codec that ``start`` names."""
        try:
            converter = decoder(opened.encoding, opened.sample_rate_hz)
        except ValueError as error:
            self.problem = str(error)
            return
        self._decoder = None if isinstance(converter, Same) else converter


def decode(frame: str | bytes) -> list[Event]:
    """The events in one frame, whatever came before it."""
    try:
        return _events(parse_object(frame))
    except BadFrame as bad:
        return [FrameRejected(str(bad))]


def encode(command: Play | Mark | Clear, stream_id: str) -> str:
    play_head, mark_head, clear = _templates(stream_id)
    if isinstance(command, Play):
        return play_head + b2a_base64(command.payload, newline=False).decode("ascii") + '"}}'
    if isinstance(command, Mark):
        return mark_head + json.dumps(command.name) + "}}"
    return clear


@lru_cache(maxsize=1024)
def _templates(stream_id: str) -> tuple[str, str, str]:
    """Everything of the three frames that does not change within a stream."""
    sid = json.dumps(stream_id)
    return (
        f'{{"event":"media","streamSid":{sid},"media":{{"payload":"',
        f'{{"event":"mark","streamSid":{sid},"mark":{{"name":',
        f'{{"event":"clear","streamSid":{sid}}}',
    )


def _events(data: dict[str, Any]) -> list[Event]:
    kind = data.get("event")
    if not isinstance(kind, str):
        raise BadFrame("event is not a text")
    read = _READERS.get(kind)
    return read(data) if read else []


def _media(data: dict[str, Any]) -> list[Event]:
    media = object_in(data, "media")
    payload = audio_in(media, "payload")
    media_ms = number_in(media, "timestamp")
    # Only a one-way stream carries the other track, and then it is our own voice.
    if not payload or media.get("track", "inbound") != "inbound":
        return []
    return [CallerAudio(payload, media_ms)]


def _start(data: dict[str, Any]) -> list[Event]:
    start = object_in(data, "start")
    media_format = object_in(start, "mediaFormat")
    parameters = start.get("customParameters") or {}
    if not isinstance(parameters, dict) or not all(isinstance(value, str) for value in parameters.values()):
        raise BadFrame("customParameters is not an object of texts")
    stream_id = text_in(data, "streamSid")
    if start.get("streamSid", stream_id) != stream_id:
        raise BadFrame("start names two streams")
    return [
        LegOpened(
            stream_id=stream_id,
            carrier_call_id=text_in(start, "callSid"),
            account_id=text_in(start, "accountSid"),
            encoding=text_in(media_format, "encoding"),
            sample_rate_hz=number_in(media_format, "sampleRate"),
            parameters=parameters,
        )
    ]


def _dtmf(data: dict[str, Any]) -> list[Event]:
    digit = text_in(object_in(data, "dtmf"), "digit")
    if digit not in DIGITS:
        raise BadFrame("digit is not a key")
    return [DigitPressed(digit)]


def _mark(data: dict[str, Any]) -> list[Event]:
    return [MarkPlayed(text_in(object_in(data, "mark"), "name"))]


def _stop(data: dict[str, Any]) -> list[Event]:
    return [LegStopped()]


_READERS: dict[str, Callable[[dict[str, Any]], list[Event]]] = {
    "media": _media,
    "mark": _mark,
    "dtmf": _dtmf,
    "start": _start,
    "stop": _stop,
}

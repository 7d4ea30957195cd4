"""Telnyx's media: frames in any order, odd pieces, a codec that ``start`` names."""

import base64
import json

import pytest

from patter.audio.codecs import encoder
from patter.audio.frames import FRAME_BYTES
from patter.audio.mulaw import level
from patter.bridge.commands import Mark, Play
from patter.bridge.events import CallerAudio
from patter.carriers.telnyx.wire import Wire
from patter.simulators.sound import tone


def started(encoding: str = "PCMU", rate_hz: int = 8000) -> Wire:
    wire = Wire()
    media_format = {"encoding": encoding, "sample_rate": rate_hz, "channels": 1}
    start = {"call_control_id": "v3:1", "user_id": "u", "media_format": media_format}
    wire.decode(json.dumps({"event": "start", "stream_id": "s1", "start": start}))
    return wire


def frame(chunk: int, payload: bytes) -> str:
    media = {
        "track": "inbound",
        "chunk": str(chunk),
        "timestamp": str(20 * (chunk - 1)),
        "payload": base64.b64encode(payload).decode(),
    }
    return json.dumps({"event": "media", "stream_id": "s1", "media": media})


def test_frames_that_come_out_of_order_are_heard_in_order() -> None:
    wire = started()
    heard = [
        event
        for chunk in (1, 3, 2, 5, 4, 6, 6, 2, 8, 7)
        for event in wire.decode(frame(chunk, bytes([chunk]) * FRAME_BYTES))
    ] + wire.release()
    audio = [event for event in heard if isinstance(event, CallerAudio)]
    assert [event.payload[0] for event in audio] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [event.media_ms for event in audio] == [0, 20, 40, 60, 80, 100, 120, 140]


def test_odd_pieces_leave_in_whole_frames_and_the_tail_is_filled() -> None:
    wire = started()
    sent = [
        json.loads(message)
        for command in (Play(b"\x11" * 333), Play(b"\x11" * 1), Play(b"\x11" * 500), Mark("m1"))
        for message in wire.frames(command)
    ]
    payloads = [base64.b64decode(one["media"]["payload"]) for one in sent if one["event"] == "media"]
    assert all(payload and len(payload) % FRAME_BYTES == 0 for payload in payloads)
    whole = b"".join(payloads)
    assert whole.startswith(b"\x11" * 834) and set(whole[834:]) == {0xFF}
    assert sent[-1] == {"event": "mark", "mark": {"name": "m1"}}


@pytest.mark.parametrize(("encoding", "rate_hz"), [("PCMU", 8000), ("PCMA", 8000), ("L16", 16_000)])
def test_a_codec_is_heard_as_start_names_it(encoding: str, rate_hz: int) -> None:
    wire, spoken = started(encoding, rate_hz), tone(400)
    there = encoder(encoding, rate_hz, "little")
    heard = b""
    for chunk, at in enumerate(range(0, len(spoken), FRAME_BYTES), 1):
        payload = there.feed(spoken[at : at + FRAME_BYTES])
        for event in wire.decode(frame(chunk, payload)):
            if isinstance(event, CallerAudio):
                heard += event.payload
    assert abs(len(heard) - len(spoken)) <= FRAME_BYTES
    middle = slice(800, 2400)
    assert abs(level(heard[middle]) - level(spoken[middle])) <= 4

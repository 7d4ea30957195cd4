import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patter.audio import alaw
from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    FrameRejected,
    LegOpened,
    LegStopped,
    MarkPlayed,
)
from patter.carriers.twilio.wire import Wire, decode, encode

SID = "MZ00000000000000000000000000000001"
START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": SID,
    "start": {
        "accountSid": "AC1",
        "streamSid": SID,
        "callSid": "CA1",
        "tracks": ["inbound"],
        "customParameters": {"call_token": "one-time"},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}


def frame(event, **fields):
    return json.dumps({"event": event, "sequenceNumber": "2", "streamSid": SID, **fields})


def media(payload, **more):
    return frame(
        "media", media={"track": "inbound", "chunk": "1", "timestamp": "5", "payload": payload, **more}
    )


KNOWN = [
    ('{"event":"connected","protocol":"Call","version":"1.0.0"}', []),
    (json.dumps(START), [LegOpened(SID, "CA1", "AC1", "audio/x-mulaw", 8000, {"call_token": "one-time"})]),
    (media(b64encode(b"\xff" * 160).decode()), [CallerAudio(b"\xff" * 160, 5)]),
    (media("/w=="), [CallerAudio(b"\xff", 5)]),
    (media(""), []),
    (media("/w==", track="outbound"), []),
    (frame("dtmf", dtmf={"track": "inbound_track", "digit": "#"}), [DigitPressed("#")]),
    (frame("mark", mark={"name": "t3:c17"}), [MarkPlayed("t3:c17")]),
    (frame("stop", stop={"accountSid": "AC1", "callSid": "CA1"}), [LegStopped()]),
    (frame("a kind of tomorrow"), []),
]

MALFORMED = [
    ("", "not JSON"),
    ("hello", "not JSON"),
    ("[" * 60_000, "not JSON"),
    (b'{"event":"connected"}', "binary frame"),
    ('{"event":"media","x":"' + "A" * 65_536 + '"}', "frame over 64 kB"),
    ("[]", "not a JSON object"),
    ("null", "not a JSON object"),
    ("{}", "event is not a text"),
    ('{"event":["media"]}', "event is not a text"),
    (frame("media"), "media is not an object"),
    (frame("media", media="x"), "media is not an object"),
    (media("/w="), "payload is not base64"),
    (media("ÿ"), "payload is not base64"),
    (media(7), "payload is not a text"),
    (media("/w==", timestamp="-5"), "timestamp is not a whole number"),
    (media("/w==", timestamp="9" * 5000), "timestamp is not a whole number"),
    (media("/w==", timestamp=None), "timestamp is not a whole number"),
    (frame("dtmf", dtmf={"digit": "12"}), "digit is not a key"),
    (frame("mark", name="flat"), "mark is not an object"),
    (frame("mark", mark={"name": 3}), "name is not a text"),
    (json.dumps({**START, "streamSid": 5}), "streamSid is not a text"),
    (json.dumps({**START, "streamSid": "MZ2"}), "start names two streams"),
    (json.dumps({**START, "start": {**START["start"], "customParameters": {"a": 1}}}),
     "customParameters is not an object of texts"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "events"), KNOWN)
def test_a_known_frame_is_its_events(text, events):
    assert decode(text) == events


@pytest.mark.parametrize(("text", "reason"), MALFORMED)
def test_a_malformed_frame_is_rejected_with_its_reason(text, reason):
    assert decode(text) == [FrameRejected(reason)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
KINDS = st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop", "other"])
FIELDS = st.sampled_from(
    ["streamSid", "start", "media", "dtmf", "mark", "stop", "payload", "timestamp", "name"]
)


@given(st.text() | st.binary() | JSON.map(json.dumps))
def test_decode_never_raises(text):
    assert isinstance(decode(text), list)


@given(KINDS, st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON, max_size=4), max_size=6))
def test_decode_never_raises_on_frames_of_a_known_kind(kind, fields):
    wire = Wire()
    assert isinstance(wire.decode(json.dumps({"event": kind, **fields})), list)
    wire.decode(json.dumps(START))
    assert isinstance(wire.decode(json.dumps({"event": kind, "streamSid": SID, **fields})), list)


@pytest.mark.parametrize("text", [media("/w=="), frame("stop", stop={}), frame("mark", mark={"name": "a"})])
def test_nothing_is_believed_before_start(text):
    [rejected] = Wire().decode(text)
    assert isinstance(rejected, FrameRejected)
    assert "before start" in rejected.reason


def test_a_stream_keeps_its_identity_and_its_end():
    wire = Wire()
    wire.decode(json.dumps(START))
    assert wire.stream_id == SID
    assert wire.decode(json.dumps(START)) == [FrameRejected("second start")]
    assert wire.decode(media("/w==").replace(SID, "MZ2")) == [FrameRejected("frame of another stream")]
    assert wire.decode(frame("stop", stop={})) == [LegStopped()]
    assert wire.decode(media("/w==")) == [FrameRejected("media after stop")]


def started_with(encoding, rate=8000):
    body = {**START["start"], "mediaFormat": {"encoding": encoding, "sampleRate": rate, "channels": 1}}
    wire = Wire()
    assert isinstance(wire.decode(json.dumps({**START, "start": body}))[0], LegOpened)
    return wire


def test_sound_is_heard_in_the_codec_that_start_names():
    wire = started_with("audio/x-alaw")
    payload = b64encode(b"\xd5" * 160).decode()
    assert wire.problem == ""
    assert wire.decode(media(payload)) == [CallerAudio(alaw.to_mulaw(b"\xd5" * 160), 5)]
    assert wire.decode(media("")) == []
    wire = started_with("audio/l16", 16000)
    assert len(wire.decode(media(b64encode(bytes(640)).decode()))[0].payload) <= 160


def test_a_codec_that_is_not_spoken_here_is_a_problem_and_no_crash():
    wire = started_with("audio/opus", 48000)
    assert "OPUS at 48000 Hz is not understood" in wire.problem


def test_commands_are_the_frames_that_twilio_accepts():
    assert json.loads(encode(Play(b"\xff" * 160), SID)) == {
        "event": "media", "streamSid": SID, "media": {"payload": b64encode(b"\xff" * 160).decode()},
    }  # fmt: skip
    assert json.loads(encode(Mark('r1:"ü'), SID)) == {
        "event": "mark",
        "streamSid": SID,
        "mark": {"name": 'r1:"ü'},
    }
    assert json.loads(encode(Clear(), SID)) == {"event": "clear", "streamSid": SID}


def test_a_wire_without_a_stream_cannot_speak():
    with pytest.raises(RuntimeError):
        Wire().encode(Clear())

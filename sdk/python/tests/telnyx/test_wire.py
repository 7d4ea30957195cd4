import json
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patter.audio.frames import silence
from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    FrameRejected,
    LegOpened,
    LegStopped,
    MarkPlayed,
)
from patter.carriers.telnyx.wire import Wire

STREAM = "32de0dea-53cb-4b21-89a4-9e1819c043bc"


def start(encoding="PCMU", rate=8000, parameters=None, **more):
    body = {
        "user_id": "u1",
        "call_control_id": "v3:abc",
        "call_session_id": "s1",
        "from": "+12025550122",
        "to": "+12025550111",
        "client_state": None,
        "custom_parameters": {"token": "one-time"} if parameters is None else parameters,
        "media_format": {"encoding": encoding, "sample_rate": rate, "channels": 1},
        **more,
    }
    return json.dumps({"event": "start", "sequence_number": "1", "stream_id": STREAM, "start": body})


def frame(event, **fields):
    return json.dumps({"event": event, "sequence_number": "2", "stream_id": STREAM, **fields})


def media(number, sound=b"\x7f" * 160, **more):
    body = {
        "track": "inbound",
        "chunk": str(number),
        "timestamp": str(20 * number),
        "payload": b64encode(sound).decode(),
    }
    return frame("media", media={**body, **more})


def digit(key, at):
    return frame("dtmf", occurred_at=f"2026-01-01T10:00:{at}Z", dtmf={"digit": key})


def opened(**more):
    wire = Wire(**more)
    wire.decode(start())
    return wire


def times(events):
    return [event.media_ms for event in events if isinstance(event, CallerAudio)]


def keys(events):
    return [event.digit for event in events if isinstance(event, DigitPressed)]


def test_a_start_opens_the_leg():
    assert Wire().decode(start()) == [LegOpened(STREAM, "v3:abc", "u1", "PCMU", 8000, {"token": "one-time"})]


@pytest.mark.parametrize(
    "parameters", [{"token": "t", "a": "b"}, [{"name": "token", "value": "t"}, {"name": "a", "value": "b"}]]
)
def test_parameters_come_as_an_object_or_as_a_list(parameters):
    [leg] = Wire().decode(start(parameters=parameters))
    assert leg.parameters == {"token": "t", "a": "b"}


def test_the_token_is_taken_from_wherever_it_is():
    connected = {
        "event": "connected",
        "version": "1.0.0",
        "connected": {"x-telnyx-streaming-auth-token": "c"},
    }
    wire = Wire(token="from the header")
    assert wire.decode(json.dumps(connected)) == []
    assert wire.decode(start(parameters={}))[0].parameters == {"token": "c"}
    assert Wire(token="h").decode(start(parameters={}))[0].parameters == {"token": "h"}
    assert Wire(token="h").decode(start())[0].parameters == {"token": "one-time"}


def test_media_is_put_in_order():
    wire = opened()
    assert times(wire.decode(media(1))) == [20]
    assert times(wire.decode(media(3))) == []
    assert wire.holds
    assert times(wire.decode(media(2))) == [40, 60]
    assert not wire.holds


def test_a_frame_that_never_comes_is_waited_for_no_longer_than_five():
    wire = opened()
    wire.decode(media(1))
    held = [times(wire.decode(media(chunk))) for chunk in (3, 4, 5, 6, 7)]
    assert held == [[], [], [], [], [60, 80, 100, 120, 140]]
    assert times(wire.decode(media(2))) == []  # too late
    assert times(wire.decode(media(8))) == [160]


def test_what_is_held_is_given_up_when_nothing_comes():
    wire = opened()
    wire.decode(media(1))
    wire.decode(media(3))
    assert times(wire.release()) == [60]
    assert wire.release() == []


def test_media_that_comes_twice_is_heard_once():
    wire = opened()
    assert [times(wire.decode(media(chunk))) for chunk in (1, 1, 2, 1, 2)] == [[20], [], [40], [], []]


@pytest.mark.parametrize("first", [0, 1, 2, 40])
def test_chunks_may_begin_anywhere(first):
    wire = opened()
    got = [time for chunk in range(first, first + 8) for time in times(wire.decode(media(chunk)))]
    assert got == [20 * chunk for chunk in range(first, first + 8)]


def test_chunks_that_begin_to_count_anew_are_heard_on():
    wire = opened()
    sounds = [bytes([number % 200]) * 160 for number in range(220)]
    for number in range(1, 201):
        wire.decode(media(number, sounds[number]))
    heard = [event for number in range(1, 20) for event in wire.decode(media(number, sounds[number]))]
    assert [event.payload for event in heard] == sounds[1:20]


def test_single_strays_of_long_ago_move_nothing():
    wire = opened()
    for number in range(1, 201):
        wire.decode(media(number))
    numbers = [201, 3, 202, 4, 203, 5, 204, 6, 205, 7, 206]
    heard = [event for number in numbers for event in wire.decode(media(number))]
    assert [event.media_ms for event in heard] == [20 * number for number in range(201, 207)]


@pytest.mark.parametrize("encoding", ["audio/x-mulaw", "audio/PCMU", "pcmu", "PCMU"])
def test_a_codec_may_have_the_name_of_its_media_type(encoding):
    wire = Wire()
    wire.decode(start(encoding))
    assert wire.problem == "" and wire.decode(media(1)) == [CallerAudio(b"\x7f" * 160, 20)]


def test_keys_are_sorted_by_their_time_and_told_once():
    wire = opened()
    told = []
    for text in (
        digit("2", "01.5"),
        digit("1", "01.0"),
        digit("2", "01.5"),
        *(media(n) for n in range(1, 5)),
    ):
        told += keys(wire.decode(text))
    assert told == ["1", "2"]
    assert keys(wire.decode(digit("1", "01.0"))) + keys(wire.release()) == []


def test_the_same_key_twice_in_a_row_is_two_keys():
    wire = opened()
    for at in ("01.0", "01.4"):
        wire.decode(digit("5", at))
    assert keys(wire.release()) == ["5", "5"]


def test_a_key_without_a_time_is_told_at_once():
    assert keys(opened().decode(frame("dtmf", dtmf={"digit": "9"}))) == ["9"]


def test_keys_that_wait_come_before_the_end():
    wire = opened()
    wire.decode(digit("1", "01.0"))
    assert wire.decode(frame("stop", stop={"call_control_id": "v3:abc"})) == [DigitPressed("1"), LegStopped()]
    assert wire.decode(media(1)) == [FrameRejected("media after stop")]


def test_a_complaint_of_telnyx_is_written_down():
    text = json.dumps({"event": "error", "payload": {"code": 100004, "title": "invalid_media"}})
    assert opened().decode(text) == [FrameRejected("telnyx complains: 100004 invalid_media")]


def test_a_codec_that_is_not_spoken_here_is_a_problem_and_no_crash():
    wire = Wire()
    assert isinstance(wire.decode(start("G722"))[0], LegOpened)
    assert "G722 at 8000 Hz" in wire.problem
    assert wire.decode(media(1)) == [FrameRejected("codec is not understood")]
    assert opened().problem == ""


MALFORMED = [
    ("", "not JSON"),
    (b"{}", "binary frame"),
    ("[]", "not a JSON object"),
    ("{}", "event is not a text"),
    ('{"event":"media","x":"' + "A" * 65_536 + '"}', "frame over 64 kB"),
    (frame("media"), "media is not an object"),
    (media(1, payload="/w="), "payload is not base64"),
    (media(1, chunk="x"), "chunk is not a whole number"),
    (media(1, timestamp="-5"), "timestamp is not a whole number"),
    (frame("dtmf", dtmf={"digit": "12"}), "digit is not a key"),
    (frame("mark", name="flat"), "mark is not an object"),
    (start(), "second start"),
    (media(1).replace(STREAM, "other"), "frame of another stream"),
]


@pytest.mark.parametrize(("text", "reason"), MALFORMED)
def test_a_malformed_frame_is_rejected_with_its_reason(text, reason):
    assert opened().decode(text) == [FrameRejected(reason)]


@pytest.mark.parametrize("parameters", [7, "x", {"a": 1}, [{"name": "a", "value": None}]])
def test_parameters_that_are_no_texts_are_rejected(parameters):
    reason = "custom_parameters is not an object of texts"
    assert Wire().decode(start(parameters=parameters)) == [FrameRejected(reason)]


@pytest.mark.parametrize(
    "text", [media(1), frame("stop"), frame("mark", mark={"name": "a"}), digit("1", "01")]
)
def test_nothing_is_believed_before_start(text):
    [rejected] = Wire().decode(text)
    assert isinstance(rejected, FrameRejected) and "before start" in rejected.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)
KINDS = st.sampled_from(["connected", "start", "media", "dtmf", "mark", "stop", "error", "other"])
FIELDS = st.sampled_from(
    "stream_id start media dtmf mark stop payload timestamp chunk name connected".split()
)


@given(KINDS, st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON, max_size=4), max_size=6))
def test_decode_never_raises(kind, fields):
    for wire in (Wire(), opened()):
        assert isinstance(wire.decode(json.dumps({"event": kind, **fields})), list)
        assert isinstance(wire.release(), list)


def payload_of(text):
    return b64decode(json.loads(text)["media"]["payload"])


def test_commands_are_the_frames_that_telnyx_accepts():
    wire = opened()
    [text] = wire.frames(Play(b"\x7f" * 320))
    assert json.loads(text) == {"event": "media", "media": {"payload": b64encode(b"\x7f" * 320).decode()}}
    [text] = wire.frames(Mark('t3:"ü'))
    assert json.loads(text) == {"event": "mark", "mark": {"name": 't3:"ü'}}
    assert list(map(json.loads, wire.frames(Clear()))) == [{"event": "clear"}]


def test_nothing_shorter_than_a_frame_is_sent():
    wire = opened()
    assert wire.frames(Play(b"\x01" * 100)) == []
    assert payload_of(wire.frames(Play(b"\x02" * 100))[0]) == b"\x01" * 100 + b"\x02" * 60
    rest, mark = wire.frames(Mark("end"))
    assert payload_of(rest) == b"\x02" * 40 + silence(20)[:120]
    assert json.loads(mark)["event"] == "mark"


def test_what_was_not_sent_is_forgotten_with_a_clear():
    wire = opened()
    wire.frames(Play(b"\x01" * 100))
    assert len(wire.frames(Clear())) == 1
    assert len(wire.frames(Mark("m"))) == 1


def test_nothing_longer_than_half_a_minute_is_sent():
    sizes = [len(payload_of(text)) for text in opened().frames(Play(b"\x01" * 8 * 60_000))]
    assert sum(sizes) == 8 * 60_000 and max(sizes) <= 8 * 30_000


def test_a_wire_without_a_stream_cannot_speak():
    with pytest.raises(RuntimeError):
        Wire().frames(Clear())


def test_marks_come_back():
    assert opened().decode(frame("mark", mark={"name": "t3:c17"})) == [MarkPlayed("t3:c17")]

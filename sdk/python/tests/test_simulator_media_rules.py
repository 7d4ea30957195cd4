import json

import pytest

from patter.audio.frames import FRAME_BYTES
from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import CallerAudio, DigitPressed, LegOpened, LegStopped, MarkPlayed
from patter.carriers.twilio.wire import Wire, encode
from patter.simulators.play_buffer import LIMIT_BYTES, Underrun
from patter.simulators.sound import SILENT_FRAME
from patter.simulators.twilio import Faults
from patter.simulators.twilio.stream_side import Ids, StreamSide

SID = "MZ1"
FRAME = b"\x10" * FRAME_BYTES


@pytest.fixture
def side():
    return StreamSide(Ids(SID, "AC1", "CA1", {"token": "t"}))


def names(messages):
    return [json.loads(message)["mark"]["name"] for message in messages]


def send(side, *commands, now_ms=0.0):
    """What comes back at once."""
    return names([answer for c in commands for answer in side.receive(encode(c, SID), now_ms)])


def played(side, tick):
    frame, messages = side.play(tick * 20)
    return frame, names(messages)


def test_what_it_says_is_what_our_wire_understands(side):
    wire = Wire()
    assert wire.decode(side.connected()) == []
    assert wire.decode(side.start()) == [LegOpened(SID, "CA1", "AC1", parameters={"token": "t"})]
    assert wire.decode(side.media(FRAME, 20)) == [CallerAudio(FRAME, 20)]
    assert wire.decode(side.digit("#")) == [DigitPressed("#")]
    [echoed] = side.receive(encode(Mark("a"), SID), 0)
    assert wire.decode(echoed) == [MarkPlayed("a")]
    assert wire.decode(side.stop()) == [LegStopped()]


def test_every_message_is_numbered_and_every_medium_counted(side):
    said = [
        json.loads(text)
        for text in (side.start(), side.media(FRAME, 0), side.digit("1"), side.media(FRAME, 20))
    ]
    assert [message["sequenceNumber"] for message in said] == ["1", "2", "3", "4"]
    assert [said[1]["media"]["chunk"], said[3]["media"]["chunk"]] == ["1", "2"]
    assert said[3]["media"]["timestamp"] == "20"


def test_a_mark_on_an_empty_buffer_comes_back_at_once(side):
    assert send(side, Mark("a"), Mark("a")) == ["a", "a"]


def test_a_mark_comes_back_when_the_audio_before_it_was_played(side):
    assert send(side, Play(FRAME), Mark("one"), Play(FRAME + FRAME), Mark("two"), Mark("three")) == []
    assert played(side, 0) == (FRAME, [])
    assert played(side, 1) == (FRAME, ["one"])
    assert played(side, 2) == (FRAME, [])
    assert played(side, 3) == (SILENT_FRAME, ["two", "three"])


def test_a_mark_waits_for_the_frame_that_is_sounding(side):
    send(side, Play(FRAME))
    played(side, 0)
    assert send(side, Mark("end")) == []
    assert played(side, 1) == (SILENT_FRAME, ["end"])


def test_clear_drops_the_audio_and_returns_the_marks(side):
    send(side, Play(FRAME * 50), Mark("one"), Play(FRAME), Mark("two"))
    played(side, 0)
    assert send(side, Clear()) == ["one", "two"]
    assert played(side, 1) == (SILENT_FRAME, [])
    assert send(side, Play(FRAME), Mark("three")) == []
    assert played(side, 2) == (FRAME, [])
    assert side.buffer.cleared_bytes == 50 * FRAME_BYTES


def test_pieces_of_any_size_are_played_without_a_gap(side):
    whole = bytes(range(200)) * 2
    send(side, *(Play(whole[start : start + 33]) for start in range(0, 400, 33)))
    sound = b"".join(played(side, tick)[0] for tick in range(3))
    assert sound == whole + SILENT_FRAME[:80]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x00", 31950),
        ("hello", 31951),
        ('{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"1"}}', 31951),
        ('{"event":"clear","streamSid":"MZ2"}', 31951),
        ('{"event":"clear"}', 31951),
        ('{"event":"clear","streamSid":"MZ1","extra":1}', 31951),
        ('{"event":"mark","streamSid":"MZ1","name":"flat"}', 31951),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"/w==","track":"outbound"}}', 31951),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"?"}}', 31951),
    ],
)
def test_invalid_messages_are_ignored_and_reported_once(side, message, code):
    assert side.receive(message, 0) == []
    assert side.receive(message, 0) == []
    assert [trouble.code for trouble in side.troubles] == [code]
    assert side.counts[f"trouble_{code}"] == 2


def test_ten_minutes_are_the_limit(side):
    send(side, Play(b"\xff" * LIMIT_BYTES), Play(b"\xff"))
    assert [trouble.code for trouble in side.troubles] == [31931]
    assert side.buffer.queued_bytes == LIMIT_BYTES


def test_a_voice_that_breaks_off_in_a_reply_is_an_underrun(side):
    send(side, Play(FRAME))
    played(side, 0)
    send(side, Play(FRAME), now_ms=35.5)
    played(side, 2)
    send(side, Play(FRAME), now_ms=58)
    played(side, 3)
    send(side, Play(FRAME), now_ms=900)
    assert side.buffer.underruns == [Underrun(20, 15.5)]


def test_marks_that_never_come_back():
    side = StreamSide(Ids(SID, "AC1", "CA1"), Faults(marks_never_echoed=True))
    assert send(side, Mark("a"), Play(FRAME), Mark("b"), Clear()) == []

"""Nothing is recorded, by us or at the carrier, before the announcement was heard."""

from __future__ import annotations

import pytest

from patter.bridge.commands import Note, StartRecording
from patter.bridge.events import CarrierEnded, LegLost, LegOpened, RecordingRefused
from patter.bridge.recording import Consent
from patter.bridge.records import Noted, RecordingPiece, TurnSettled
from patter.testing.scene import VOICE, Scene

NOTICE = "This call is recorded for training."


def turn(text: str, role: str = "assistant") -> TurnSettled:
    return TurnSettled(0, "t1", role, text, None, 0, 1000, False)


@pytest.mark.parametrize(
    ("entries", "given"),
    [
        ([turn(NOTICE)], True),
        ([turn("this call is being recorded, for training")], True),
        ([turn("hello", "user"), turn(NOTICE)], True),
        ([turn("This call")], False),
        ([turn("Hello, how can I help?"), turn(NOTICE)], False),
        ([Noted("turn.ended", 0)], False),
    ],
)
def test_the_first_thing_that_was_heard_is_the_announcement_or_there_is_no_consent(entries, given):
    consent = Consent(NOTICE)
    heard = [consent.hear(entry) for entry in entries]
    assert consent.given is given and sum(heard) == given


def test_without_an_announcement_there_is_nothing_to_wait_for():
    consent = Consent("  ")
    assert consent.given and not consent.hear(turn("Hello"))


def loud_ms(pieces: list[RecordingPiece], side: str) -> list[int]:
    """When there is sound on a side, in milliseconds of the call."""
    audio = b"".join(getattr(piece, side) for piece in pieces)
    return [at // 8 for at in range(0, len(audio), 160) if set(audio[at : at + 160]) - {0x7F, 0xFF}]


def finished(call: Scene) -> tuple[list[RecordingPiece], list[str]]:
    call.feed(CarrierEnded())
    entries = [note.entry for note in call.all(Note)]
    pieces = [entry for entry in entries if isinstance(entry, RecordingPiece)]
    return pieces, [entry.kind for entry in entries if isinstance(entry, Noted)]


def talking(**plan) -> Scene:
    """The caller speaks over the announcement, and then hears the greeting."""
    call = Scene(reply_by="model", first_message="Hello, this is Acme.", carrier_records=True, **plan).open()
    call.pass_ms(2500, VOICE)
    call.pass_ms(4000)
    return call


def test_both_sides_and_the_carrier_begin_when_the_announcement_is_over():
    call = talking(announcement=NOTICE)
    assert len(call.all(StartRecording)) == 1
    announced = next(turn for turn in call.notes(TurnSettled) if turn.text == NOTICE)
    pieces, kinds = finished(call)
    for side in ("caller", "agent"):
        assert min(loud_ms(pieces, side)) >= announced.ended_ms - 40, side
    assert min(loud_ms(pieces, "caller")) <= announced.ended_ms + 400
    assert pieces[0].start_ms == 0  # its times are those of the transcript
    assert "recording.withheld" not in kinds


def test_without_an_announcement_everything_is_recorded_from_the_beginning():
    call = talking()
    assert len(call.all(StartRecording)) == 1
    pieces, _ = finished(call)
    assert min(loud_ms(pieces, "caller")) <= 20


def test_a_call_that_ends_within_its_announcement_is_not_recorded():
    call = Scene(announcement=NOTICE, carrier_records=True).open()
    call.pass_ms(500, VOICE)
    pieces, kinds = finished(call)
    assert pieces == [] and not call.all(StartRecording)
    assert kinds.count("recording.withheld") == 1


def test_nothing_is_withheld_where_nothing_was_wanted():
    call = Scene(announcement=NOTICE, record=False).open()
    call.pass_ms(500)
    assert finished(call) == ([], [])


def test_a_line_that_is_replaced_is_not_recorded_a_second_time():
    call = talking(announcement=NOTICE)
    call.feed(LegLost("gone"), LegOpened("MZ2", "CA1", "AC1"))
    call.pass_ms(1000)
    assert len(call.all(StartRecording)) == 1


def test_a_carrier_that_does_not_record_costs_nobody_the_call():
    call = talking()
    call.feed(RecordingRefused("twilio: no"))
    assert call.end is None
    assert "recording.refused" in finished(call)[1]

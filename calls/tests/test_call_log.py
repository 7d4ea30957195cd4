"""What live calls write down: in batches, once, and whatever the database does."""

from __future__ import annotations

import asyncio

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from calls.adapters import call_log
from calls.adapters.call_log import CallLog, LogWriter
from calls.models import Call, CallEvent, Leg, Recording, Turn
from calls.services.advance import Happening, advance_call
from calls.services.live_log import LoggedCall, store_entries
from calls.services.progress import Step
from calls.services.record import join_recording, recording_path
from calls.tests.cast import make_call
from patter.audio.wav import read
from patter.bridge.records import CallConnected, CallEnded, Noted, RecordingPiece, TurnSettled
from patter_site.events.models import Event
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db(transaction=True)

TURN = TurnSettled(0, "t1", "assistant", "Hello", None, 0, 900, False, None)
END = CallEnded("agent_ended", 2_000, [], [{"role": "assistant", "text": "Hello"}], {"tts_characters": 5})


@pytest.fixture
def logged(settings, tmp_path) -> LoggedCall:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }
    call = make_call(make_cast().organisation, carrier_call_id="CA1")
    return LoggedCall(call.pk, call.organisation_id)


def write(logged: LoggedCall, *entries) -> None:
    async def run() -> None:
        writer = LogWriter()
        writer.start()
        log = CallLog(writer, logged)
        for entry in entries:
            log.write(entry)
        await writer.close()

    asyncio.run(run())


def rows(model, logged: LoggedCall):
    return model.objects.of(logged.organisation_id).filter(call_id=logged.call_id)


def test_a_call_from_connected_to_ended(logged):
    write(logged, CallConnected("CA1", "MZ1"), Noted("turn.ended", 10, {"cause": "stt"}), TURN, END)
    call = Call.objects.of(logged.organisation_id).get(pk=logged.call_id)
    assert (call.status, call.end_reason, call.duration_s) == ("completed", "agent_ended", 2)
    assert rows(Turn, logged).get().text == "Hello"
    assert rows(CallEvent, logged).filter(kind="turn.ended").count() == 1
    kinds = list(Event.objects.of(logged.organisation_id).order_by("id").values_list("type", flat=True))
    assert kinds.count("call.ended") == 1


def test_the_leg_of_a_caller_who_was_given_away_ends_with_the_call(logged):
    write(logged, CallConnected("CA1", "MZ1"), CallEnded("transferred", 2_000, [], []))
    assert rows(Leg, logged).get().ended_at is None, "caller and human speak on"
    over = advance_call(
        call_id=logged.call_id, step=Step.COMPLETED, happening=Happening("carrier.status")
    ).call
    assert over.end_reason == "transferred"
    assert rows(Leg, logged).get().ended_at == over.ended_at is not None


def rename_table(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


def test_a_database_that_fails_for_a_while_loses_nothing(logged):
    async def run() -> None:
        writer = LogWriter()
        writer.start()
        log = CallLog(writer, logged)
        for entry in (CallConnected("CA1", "MZ1"), TURN, END):
            log.write(entry)
        await asyncio.wait_for(writer.failed.wait(), 30)
        await asyncio.to_thread(in_thread, "calls_turn_away", "calls_turn")
        await writer.close()

    def in_thread(old: str, new: str) -> None:
        rename_table(old, new)
        connection.close()

    rename_table("calls_turn", "calls_turn_away")
    asyncio.run(run())
    assert rows(Turn, logged).count() == 1
    assert Call.objects.of(logged.organisation_id).get(pk=logged.call_id).status == "completed"


def test_a_batch_that_is_repeated_is_stored_once(logged):
    entries = [(7, Noted("turn.ended", 10)), (8, TURN), (9, END)]
    store_entries(logged, entries)
    store_entries(logged, entries)
    assert rows(Turn, logged).count() == 1
    assert rows(CallEvent, logged).filter(kind="turn.ended").count() == 1
    assert Event.objects.of(logged.organisation_id).filter(type="call.ended").count() == 1


def test_entries_that_cannot_be_stored_do_not_hold_up_the_end(logged):
    unstorable = Noted("odd", 1, {"value": object()})
    write(logged, CallConnected("CA1", "MZ1"), unstorable, END)
    call = Call.objects.of(logged.organisation_id).get(pk=logged.call_id)
    assert call.status == "completed"


def test_an_entry_that_the_database_refuses_costs_itself_alone_and_no_other_call(logged):
    """On PostgreSQL, which takes no NUL. It was tried again for ever, and no call of the process ended."""
    other = make_call(Call.objects.of(logged.organisation_id).get().organisation, carrier_call_id="CA2")

    async def run() -> None:
        writer = LogWriter()
        writer.start()
        bad, good = CallLog(writer, logged), CallLog(writer, LoggedCall(other.pk, logged.organisation_id))
        for log in (bad, good):
            log.write(CallConnected("CA1" if log is bad else "CA2", "MZ1"))
            log.write(Noted("tool.called", 10, {"tool": "look\x00up" if log is bad else "look"}))
            log.write(TURN)
            log.write(END)
        await asyncio.wait_for(writer.flushed(), 20)
        await writer.close()

    asyncio.run(run())
    assert {call.status for call in Call.objects.of(logged.organisation_id)} == {"completed"}
    assert Turn.objects.of(logged.organisation_id).count() == 2


def test_a_call_that_is_gone_holds_up_no_other(logged):
    gone = Call.objects.of(logged.organisation_id).get()
    other = LoggedCall(make_call(gone.organisation).pk, logged.organisation_id)
    gone.delete()

    async def run() -> None:
        writer = LogWriter()
        writer.start()
        for call in (logged, other):
            CallLog(writer, call).write(TURN)
        await asyncio.wait_for(writer.flushed(), 20)
        await writer.close()

    asyncio.run(run())
    assert rows(Turn, other).count() == 1 and rows(Turn, logged).count() == 0


def test_pieces_are_joined_into_one_recording(logged):
    pieces = [RecordingPiece(n * 100, b"\x80" * 800, b"\xff" * 800) for n in range(3)]
    write(logged, CallConnected("CA1", "MZ1"), *pieces, END)
    recording = rows(Recording, logged).get()
    if recording.status != Recording.Status.READY:
        join_recording(recording)
    recording.refresh_from_db()
    assert (recording.status, recording.duration_ms) == ("ready", 300)
    assert max(recording.peaks["caller"]) > max(recording.peaks["agent"])


def test_a_database_that_is_away_costs_a_bounded_stretch_of_the_recording_and_nothing_else(
    logged, monkeypatch
):
    monkeypatch.setattr(call_log, "MOST_AUDIO_BYTES", 2 * 1600)
    pieces = [RecordingPiece(n * 100, b"\x80" * 800, b"\xff" * 800) for n in range(4)]

    async def run() -> None:
        writer = LogWriter()
        writer.start()
        log = CallLog(writer, logged)
        for entry in (CallConnected("CA1", "MZ1"), *pieces[:3], TURN):  # one more than there is room for
            log.write(entry)
        await asyncio.wait_for(writer.flushed(), 30)
        for entry in (pieces[3], END):  # and there is room again
            log.write(entry)
        await writer.close(timeout_s=20)

    asyncio.run(run())
    assert rows(Turn, logged).count() == 1
    recording = rows(Recording, logged).get()
    if recording.status != Recording.Status.READY:
        join_recording(recording)
    with default_storage.open(recording_path(logged.organisation_id, logged.call_id)) as file:
        caller = read(file.read()).channel(0)
    assert caller == b"\x80" * 1600 + b"\xff" * 800 + b"\x80" * 800

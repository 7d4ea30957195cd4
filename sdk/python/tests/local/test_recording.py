"""``recording=True``: a WAV file a call, both sides, as they were heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from patter.audio.wav import read
from patter.bridge.records import RecordingPiece
from patter.local.recording import RecordingFile
from patter.simulators.script import HangUp, Say, Wait


def loud(samples):
    return sum(byte not in (0x7F, 0xFF) for byte in samples)


@pytest.mark.supports("a recording of our own", mode="pipeline", reply_by="handler")
async def test_a_call_is_recorded_with_both_sides(world, pipeline):
    phone, ends = world.phone(), []
    agent = pipeline(phone)
    await world.serve(
        phone,
        agent,
        on_message=lambda msg: "We are open from nine to five.",
        on_call_end=ends.append,
        recording=True,
        recordings_dir="calls",
    )
    await world.ring(Say("what are your hours", patience_ms=200), Wait(2200), HangUp())
    await phone.disconnect()
    await world.close()
    path = Path(ends[0]["recording_path"])
    assert path == Path("calls") / f"{ends[0]['call_id']}.wav"
    wav = read(await asyncio.to_thread(path.read_bytes))
    assert (wav.channels, wav.sample_rate_hz) == (2, 8000)
    caller, agent_side = wav.mulaw(0), wav.mulaw(1)
    assert loud(caller) > 4000 and loud(agent_side) > 4000
    assert abs(len(caller) / 8 - ends[0]["duration"] * 1000) < 500


async def test_pieces_become_one_file_with_a_right_header(tmp_path):
    recording = RecordingFile(tmp_path / "new", "call_1")
    assert not recording.started
    recording.add(RecordingPiece(0, b"\x01" * 80, b"\x02" * 80))
    recording.add(RecordingPiece(10, b"\x03" * 40, b"\x04" * 40))
    await recording.finish()
    wav = read(recording.path.read_bytes())
    assert wav.mulaw(0) == b"\x01" * 80 + b"\x03" * 40
    assert wav.mulaw(1) == b"\x02" * 80 + b"\x04" * 40


async def test_a_disk_that_fails_or_is_slow_costs_no_call(tmp_path, caplog):
    (tmp_path / "file").write_text("not a directory")
    recording = RecordingFile(tmp_path / "file", "call_1")
    for index in range(122):
        recording.add(RecordingPiece(index, b"", b""))
    await recording.finish()
    told = {record.getMessage() for record in caplog.records}
    assert told == {"A part of a recording was lost: the disk is too slow", "A recording failed"}

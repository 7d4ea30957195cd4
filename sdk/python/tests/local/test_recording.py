"""``recording=True``: a WAV file a call, both sides, as they were heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from patter import ConfigError
from patter.audio.wav import read
from patter.bridge.records import RecordingPiece
from patter.local.recording import RecordingFile
from patter.simulators.script import HangUp, Say, Wait

from .at_telnyx import CALLER, NUMBER, phone_of


def loud(samples):
    return sum(byte not in (0x7F, 0xFF) for byte in samples)


SAYS = [Say("what are your hours", patience_ms=200), Wait(2200), HangUp()]


@pytest.mark.supports("a recording of our own", mode="pipeline", reply_by="handler")
async def test_a_call_is_recorded_with_both_sides(world, pipeline):
    check(*await recorded(world, world.phone(), pipeline, lambda: world.dial(*SAYS)))


@pytest.mark.supports("a recording of our own", mode="pipeline", reply_by="handler", carrier="telnyx")
async def test_a_call_at_telnyx_is_recorded_with_both_sides(world, telnyx, pipeline):
    def ring():
        return telnyx.dial_in(NUMBER, CALLER, SAYS)

    check(*await recorded(world, phone_of(world), pipeline, ring))


async def recorded(world, phone, pipeline, ring):
    """One call: how it ended, and its file as it was when the program was told of the end."""
    ends = []

    def on_call_end(end):
        ends.append((end, Path(end["recording_path"]).read_bytes()))

    await world.serve(
        phone,
        pipeline(phone),
        on_message=lambda msg: "We are open from nine to five.",
        on_call_end=on_call_end,
        recording=True,
        recordings_dir="calls",
    )
    await (await ring()).ended(40)
    await phone.disconnect()
    await world.close()
    return ends[0]


def check(end, file):
    assert Path(end["recording_path"]) == Path("calls") / f"{end['call_id']}.wav"
    wav = read(file)
    assert (wav.channels, wav.sample_rate_hz) == (2, 8000)
    caller, agent_side = wav.mulaw(0), wav.mulaw(1)
    assert loud(caller) > 4000 and loud(agent_side) > 4000
    assert abs(len(caller) / 8 - end["duration"] * 1000) < 500


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


async def test_a_folder_that_cannot_be_written_is_said_before_anybody_calls(world, pipeline, tmp_path):
    (tmp_path / "calls").write_text("a file")  # noqa: ASYNC240
    phone = world.phone()
    with pytest.raises(ConfigError, match="recordings_dir='calls': .*File exists"):
        await phone.serve(pipeline(phone), port=world.port, recording=True, recordings_dir="calls")

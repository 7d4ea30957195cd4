"""``recording="carrier"``: the carrier records from the announcement on; its file is fetched afterwards."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path

import pytest

from patter import CarrierError, ConfigError
from patter.local.carrier_recordings import CarrierRecordings
from patter.simulators.script import HangUp, Wait
from patter.simulators.telnyx import Faults as TelnyxFaults
from patter.simulators.twilio import Faults as TwilioFaults

from .at_telnyx import CALLER, NUMBER, phone_of

NOTICE = "This call is recorded."
STEPS = [Wait(4500), HangUp()]


def files_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def recorded_call(world, phone, pipeline, dial, **options):
    """One call of a phone that has its calls recorded by the carrier; what was told of the recording."""
    told, came, ends = [], asyncio.Event(), []

    def on_recording(data):
        told.append(data)
        came.set()

    await world.serve(
        phone,
        pipeline(phone, first_message="Hello!"),
        on_message=lambda msg: "Yes.",
        on_recording=on_recording,
        on_call_end=ends.append,
        recording="carrier",
        recordings_dir="calls",
        recording_announcement=NOTICE,
        **options,
    )
    call = await dial()
    await call.ended(40)
    await asyncio.wait_for(came.wait(), 40)
    await phone.disconnect()
    await world.close()
    [data], [end] = told, ends
    assert [turn["text"] for turn in end["history"]] == [NOTICE, "Hello!"]
    assert data["call_id"] == end["call_id"] and "recording_path" not in end
    return call, data


@pytest.mark.supports("the carrier's recording", mode="pipeline", reply_by="handler")
async def test_twilio_announces_the_file_too_early(world, pipeline):
    faults = TwilioFaults(recording_404_times=2)
    call, data = await recorded_call(
        world, world.phone(), pipeline, lambda: world.dial(*STEPS, faults=faults)
    )
    path = Path(data["recording_path"])
    assert path == Path("calls") / f"{data['call_id']}.carrier.wav"
    assert await asyncio.to_thread(path.read_bytes) == call.media.wav()
    assert files_in(Path("calls")) == [path.name]
    assert call.of_kind("recording_started")[0].at_ms > call.of_kind("agent_started")[0].at_ms + 1000
    assert len(call.of_kind("recording_asked")) == 3 and call.trouble_codes == []


@pytest.mark.supports("the carrier's recording", mode="pipeline", reply_by="handler", carrier="telnyx")
@pytest.mark.parametrize("unnamed", [False, True])
async def test_telnyx_tells_of_it_after_the_call(world, telnyx, pipeline, unnamed):
    faults = TelnyxFaults(unnamed_recordings=unnamed, recording_halves=1)
    leg, data = await recorded_call(
        world, phone_of(world), pipeline, lambda: telnyx.dial_in(NUMBER, CALLER, STEPS, faults=faults)
    )
    assert (await asyncio.to_thread(Path(data["recording_path"]).read_bytes))[:4] == b"RIFF"
    assert leg.of_kind("recording_started")[0].at_ms > leg.of_kind("agent_started")[0].at_ms + 1000
    assert leg.complaints == []


async def test_a_recording_that_failed_at_the_carrier_is_told(world, telnyx, pipeline):
    faults = TelnyxFaults(recording_failed=True)
    _, data = await recorded_call(
        world, phone_of(world), pipeline, lambda: telnyx.dial_in(NUMBER, CALLER, STEPS, faults=faults)
    )
    assert "failed" in data["error"] and "recording_path" not in data


async def test_a_word_that_means_nothing_is_an_error_before_anybody_calls(world, pipeline):
    phone = world.phone()
    with pytest.raises(ConfigError, match="recording is True, False or 'carrier'"):
        await phone.serve(pipeline(phone), recording="both", on_message=lambda msg: "Yes.")


# -- the fetching itself --------------------------------------------------------------------------


def fetching(*answers: Exception | bytes):
    waiting = deque(answers)

    async def fetch(recording_id, write):
        answer = waiting.popleft()
        if isinstance(answer, Exception):
            write(b"half of it")
            raise answer
        return write(answer)

    return fetch


LATER = CarrierError("twilio", "not there yet", permanent=False)
NEVER = CarrierError("twilio", "no such recording", permanent=True)


@pytest.mark.parametrize(
    ("answers", "content", "error"),
    [
        ([LATER, LATER, b"whole"], b"whole", None),
        ([NEVER], None, "no such recording"),
        ([LATER] * 8, None, "not there yet"),
    ],
)
async def test_a_file_is_there_whole_or_not_at_all(tmp_path, answers, content, error):
    told = []
    recordings = CarrierRecordings(fetching(*answers), tmp_path / "new", first_pause_s=0.001)
    recordings.expect("call_1", told.append)
    await recordings.ready("call_1", "RE1")
    await recordings.ready("call_1", "RE1")
    recordings.failed("call_1", "too late")
    [data] = told
    if content is None:
        assert error in data["error"] and files_in(tmp_path / "new") == []
    else:
        assert await asyncio.to_thread(Path(data["recording_path"]).read_bytes) == content


async def test_a_process_that_ends_waits_for_no_more_tries(tmp_path):
    told = []
    recordings = CarrierRecordings(fetching(LATER, LATER), tmp_path, first_pause_s=60)
    recordings.expect("call_1", told.append)
    recordings.close()
    await asyncio.wait_for(recordings.ready("call_1", "RE1"), 10)
    await recordings.ready("call_unknown", "RE1")
    assert "not there yet" in told[0]["error"]

"""The simulated Telnyx's recordings: announced when they end, behind links that die, deleted for good."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from patter.carriers.telnyx import commands
from patter.errors import CarrierError
from patter.simulators.telnyx import Faults, Phone
from sdk.python.tests.telnyx.conftest import ADA, CONNECTION, OUR


@pytest.fixture
async def dial(sim, rest):
    """``dial(faults)`` gives an answered leg."""

    async def dialled(faults=None):
        sim.add_phone(Phone(ADA, answer_after_s=0, faults=faults or Faults()))
        command = commands.dial(connection_id=CONNECTION, to=ADA, from_=OUR, command_id="d1")
        leg = sim.calls[(await rest.dial(command)).call_control_id]
        await asyncio.wait_for(leg.answered.wait(), 5)
        return leg

    return dialled


async def record(rest, leg):
    await rest.send(commands.start_recording(leg.id, command_id="r1"))
    return leg.recording


async def test_a_recording_that_is_stopped_is_there_while_the_call_goes_on(sim, rest, dial):
    leg = await dial()
    recording = await record(rest, leg)
    with pytest.raises(CarrierError):
        await rest.fetch_recording(recording.id)  # it is not there before its end
    await rest.send(commands.stop_recording(leg.id, command_id="r2"))
    found = await rest.fetch_recording(recording.id)
    assert (found.status, leg.is_over) == ("completed", False)
    file: list[bytes] = []
    assert await rest.download_recording(recording.id, file.append) == sum(map(len, file))
    assert file[0][:4] == b"RIFF"


async def test_a_call_that_ends_ends_its_recording(sim, rest, dial):
    leg = await dial()
    recording = await record(rest, leg)
    await asyncio.sleep(1)  # of the test's own clock: nobody pays for a recording of no length
    await rest.hang_up(leg.id)
    await leg.ended()
    assert recording.ended_ms is not None
    assert sim.world.ledger.of(leg.id).recorded_s >= 1
    await rest.delete_recording(recording.id)
    with pytest.raises(CarrierError):
        await rest.fetch_recording(recording.id)


async def test_links_that_are_dead_and_a_fresh_one(sim, rest, dial):
    leg = await dial(Faults(expired_recording_links=1))
    recording = await record(rest, leg)
    await rest.send(commands.stop_recording(leg.id, command_id="r2"))  # its webhook holds the dead link
    dead = next(iter(recording.links))
    async with httpx.AsyncClient(trust_env=False) as http:
        url = f"{sim.base_url}/simulator/telnyx/recordings/{recording.id}.wav?key={dead}"
        assert (await http.get(url)).status_code == 403
        assert (await http.get(url.replace(dead, "guessed"))).status_code == 403
    assert await rest.download_recording(recording.id, lambda piece: None) > 40


@pytest.mark.parametrize("second", ["start", "stop"])
async def test_one_recording_at_a_time(rest, dial, second):
    leg = await dial()
    if second == "start":
        await record(rest, leg)
        command = commands.start_recording(leg.id, command_id="again")
    else:
        command = commands.stop_recording(leg.id, command_id="none")
    with pytest.raises(CarrierError):
        await rest.send(command)

"""Transfers that the caller leaves, recordings that are not there, requests that go wrong, and the bill."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from patter.simulators.script import HangUp, Listen
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.twilio import Phone as TwilioPhone

from .line import HUMAN, SID, TOKEN

SHORT = HangUp(at_ms=300)


async def test_a_caller_who_leaves_a_transfer(line):
    line.sim.add_phone(line.word(TwilioPhone, TelnyxPhone)(HUMAN, answer_after_s=20))
    call = await line.dial(Listen(), leaves_transfer_after_s=0.2)
    await call.reached("stream_started")
    await line.transfer(call)
    await call.ended(10)
    assert call.cause == "caller_hung_up"
    if line.carrier == "telnyx":  # at Twilio the human's leg is part of the caller's document
        [human] = [leg for leg in line.sim.calls.values() if leg is not call]
        await human.ended(10)
        assert human.hangup[:2] == ("originator_cancel", "caller")


async def link_of(line) -> str:
    """Where the recording's file is, as it was told."""
    if line.carrier == "twilio":
        return str(line.bodies["recording"]["RecordingUrl"]) + ".wav"
    return str(line.bodies["call.recording.saved"]["payload"]["recording_urls"]["wav"])


async def asked(line, url: str) -> int:
    """What a request for it is answered with; Telnyx's links need no key of the account's."""
    if line.carrier == "twilio":
        return (await line.http.get(url)).status_code
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(url)).status_code


async def test_a_recording_that_is_not_there_yet(line):
    line.records = True
    await line.ring(SHORT, recording_404_times=2)
    url = await link_of(line)
    assert [await asked(line, url) for _ in range(3)] == [404, 404, 200]


async def test_a_recording_of_which_half_comes(line):
    line.records = True
    await line.ring(SHORT, recording_halves=1)
    url = await link_of(line)
    async with httpx.AsyncClient(auth=(SID, TOKEN), trust_env=False) as http:
        half, whole = [(await http.get(url)).content for _ in range(2)]
    assert len(half) == len(whole) // 2 and whole.startswith(half)


async def test_a_recording_that_failed(line):
    line.records = True
    await line.ring(SHORT, recording_failed=True)
    if line.carrier == "twilio":
        assert line.bodies["recording"]["RecordingStatus"] == "failed"
        assert await asked(line, await link_of(line)) == 404
    else:
        assert line.bodies["call.recording.error"]["payload"]["reason"]
        assert "call.recording.saved" not in line.told


def some_request(line):
    """A request that changes nothing."""
    return line.http.get(line.word("/Calls.json", "/phone_numbers"))


def door(line):
    return line.word("calls", "numbers")


async def plan(line, **fault):
    root = line.word("/simulator/", "/simulator/telnyx/")
    async with httpx.AsyncClient(base_url=line.sim.base_url, trust_env=False) as http:
        return await http.post(f"{root}faults", json={"rest": [fault]})


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_refused_request_and_the_next_one(line, status):
    assert (await plan(line, door=door(line), status=status, retry_after_s=2)).is_success
    refused = await some_request(line)
    assert (refused.status_code, refused.headers["Retry-After"]) == (status, "2")
    assert (await some_request(line)).status_code == 200


async def test_an_answer_that_comes_late_never_or_torn_off(line):
    line.http.timeout = httpx.Timeout(10, read=0.3)
    await plan(line, door=door(line), late_s=0.6)
    await plan(line, door=door(line), silent=True)
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            await some_request(line)
    await plan(line, door=door(line), lost=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await some_request(line)
    assert (await some_request(line)).status_code == 200


async def test_a_command_whose_answer_is_lost_was_carried_out(line):
    call = await line.dial(Listen())
    await call.reached("stream_started")
    await plan(line, door=line.word("command", "command.hangup"), lost=True)
    with pytest.raises(httpx.RemoteProtocolError):
        if line.carrier == "twilio":
            await line.http.post(f"/Calls/{call.sid}.json", data={"Status": "completed"})
        else:
            await line.command(call.sid, "hangup")
    await call.ended()
    assert call.cause == "application_hung_up"


@pytest.mark.parametrize(
    "wrong",
    [
        {"door": "cellar", "status": 500},
        {"door": "*"},
        {"status": 200},
        {"status": 500, "colour": "red"},
    ],
)
async def test_a_plan_that_cannot_be_is_explained(line, wrong):
    answer = await plan(line, **wrong)
    assert answer.status_code == 400 and answer.json()["error"]


async def test_the_carriers_bill(line):
    line.records = True
    line.says = lambda stream: [line.media(stream, 200)]
    call = await line.ring(HangUp(at_ms=600))
    billed = line.sim.world.ledger.of(call.sid)
    assert (billed.seconds, billed.minutes) == (call.duration_s, 1)
    heard_ms = 20 * len(line.socket.events("media"))
    assert (billed.heard_ms, billed.played_ms) == (heard_ms, 200)
    assert 1 <= billed.recorded_s <= billed.seconds
    root = line.word("/simulator/", "/simulator/telnyx/")
    async with httpx.AsyncClient(base_url=line.sim.base_url, trust_env=False) as http:
        told = (await http.get(f"{root}ledger")).json()
    assert [leg["call_sid"] for leg in told["legs"]] == [call.sid]
    assert told["total"]["played_ms"] == 200


async def test_a_call_that_nobody_answers_costs_nothing(line):
    call = await line.dial(SHORT)
    call.end("caller_hung_up")
    await call.ended()
    await asyncio.sleep(0)
    assert list(line.sim.world.ledger) == []

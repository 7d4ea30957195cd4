"""What goes wrong at Twilio alone: status callbacks, signatures, hang-ups, answers to a dial."""

from __future__ import annotations

from base64 import b64decode

import httpx
import pytest

from patter.carriers.twilio.signature import HEADER, sign
from patter.simulators.script import HangUp, Listen
from patter.simulators.twilio import Phone

from .line import HUMAN, OUR, TOKEN, Line

SHORT = HangUp(at_ms=200)
EVENTS = ["initiated", "ringing", "answered", "completed"]


@pytest.fixture
async def line():
    async with Line("twilio") as line:
        yield line


async def dialled(line, **faults):
    """A call out to somebody who hangs up soon."""
    line.sim.add_phone(Phone(HUMAN, answer_after_s=0, steps=(SHORT,), faults=line.faults(**faults)))
    form = {
        "To": HUMAN,
        "From": OUR,
        "Url": line.url("voice"),
        "StatusCallback": line.url("told"),
        "StatusCallbackEvent": EVENTS,
    }
    return await line.http.post("/Calls.json", data=form)


def of_the_call(line):
    return [word for word in line.told if not word.startswith("stream-")]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({}, ["initiated", "ringing", "in-progress", "completed"]),
        ({"no_status_callbacks": True}, []),
        ({"shuffled_status_callbacks": True}, ["initiated", "ringing", "completed", "in-progress"]),
        (
            {"duplicate_status_callbacks": True},
            [word for word in ("initiated", "ringing", "in-progress", "completed") for _ in range(2)],
        ),
        ({"late_status_s": 0.05}, ["initiated", "ringing", "in-progress", "completed"]),
        ({"dropped_webhooks": "ringing"}, ["initiated", "in-progress", "completed"]),
    ],
)
async def test_status_callbacks(line, fault, told):
    sid = (await dialled(line, **fault)).json()["sid"]
    await line.sim.calls[sid].ended()
    assert of_the_call(line) == told


async def test_the_answer_to_a_dial_is_lost_and_the_call_goes_its_way(line):
    with pytest.raises(httpx.RemoteProtocolError):
        await dialled(line, lost_create_answer=True)
    [call] = line.sim.calls.values()
    await call.ended()
    assert call.answered_ms is not None


async def test_an_address_that_is_signed_without_its_port(line):
    await line.ring(SHORT, wrong_port=True)
    signed = line.url("voice").replace(f":{line.port}", "")
    assert line.headers[HEADER.lower()] == sign(TOKEN, signed, line.fields)


@pytest.mark.parametrize(("ends", "cause"), [(False, "application_hung_up"), (True, "application_error")])
async def test_what_comes_after_a_socket_that_broke(line, ends, cause):
    """Whether the next verb runs is not known of Twilio: both can be asked for."""
    call = await line.ring(Listen(), lose_socket_at_ms=100, lost_socket_ends_call=ends)
    assert call.cause == cause
    assert 31921 in call.trouble_codes


async def test_hanging_up_a_call_that_is_over(line):
    call = await line.dial(Listen(), hang_up_404=True)
    await call.reached("stream_started")
    answer = await line.http.post(f"/Calls/{call.sid}.json", data={"Status": "completed"})
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    await call.ended()
    assert call.cause == "application_hung_up"


async def test_media_in_another_codec_than_twilios(line):
    await line.ring(SHORT, a_law=True)
    assert line.socket.events("start")[0]["start"]["mediaFormat"]["encoding"] == "audio/x-alaw"
    assert b64decode(line.socket.events("media")[0]["media"]["payload"]) == b"\xd5" * 160

"""What the simulated Telnyx refuses, as Telnyx does, and with its codes."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode

import httpx
import pytest
from telnyx import AsyncTelnyx

from patter.carriers.telnyx import commands
from patter.simulators.play_buffer import LIMIT_BYTES
from patter.simulators.telnyx import Phone
from patter.simulators.telnyx.plan import read_plan
from patter.simulators.telnyx.refusals import RefusalError
from patter.simulators.telnyx.stream_side import Ids, StreamSide
from sdk.python.tests.telnyx.conftest import ADA, API_KEY, CONNECTION, OUR

DIAL = {"connection_id": CONNECTION, "to": ADA, "from": OUR}
STREAM = {"stream_url": "wss://b.example.com/media", "stream_bidirectional_mode": "rtp"}


@pytest.fixture
async def http(sim):
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with httpx.AsyncClient(base_url=f"{sim.base_url}/v2", headers=headers, trust_env=False) as http:
        yield http


def refusal(answer):
    return answer.status_code, answer.json()["errors"][0]["code"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"to": "12"}, (422, "10016")),
        ({"from": None}, (422, "10004")),
        ({"connection_id": "404"}, (422, "10015")),
        ({"colour": "red"}, (422, "10015")),
        ({"timeout_secs": 4}, (422, "10033")),
        ({"time_limit_secs": "long"}, (422, "10033")),
        ({"client_state": "not base64!"}, (422, "90017")),
        ({"answering_machine_detection": "clever"}, (422, "10032")),
        ({"custom_headers": {"X-A": "b"}}, (422, "10015")),
        ({"webhook_url": "nowhere"}, (422, "10015")),
        ({"from": "+12025559999"}, (403, "10010")),
        ({"to": "+33123456789"}, (403, "10010")),
    ],
)
async def test_a_dial(sim, http, changes, expected):
    body = {name: value for name, value in {**DIAL, **changes}.items() if value is not None}
    assert refusal(await http.post("/calls", json=body)) == expected
    assert not sim.calls


async def test_requests_that_are_none(http):
    assert refusal(await http.post("/calls", content=b"[1]")) == (400, "10015")
    assert refusal(await http.get("/recordings", params={"page[size]": "many"})) == (422, "10015")
    assert refusal(await http.get("/calls/none")) == (422, "90015")


@pytest.fixture
async def leg(sim, rest):
    """A leg that was answered."""
    sim.add_phone(Phone(ADA, answer_after_s=0))
    dialled = await rest.dial(commands.dial(connection_id=CONNECTION, to=ADA, from_=OUR, command_id="d"))
    leg = sim.calls[dialled.call_control_id]
    await asyncio.wait_for(leg.answered.wait(), 5)
    return leg


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("sing", {}, (404, "10005")),
        ("send_dtmf", {"digits": "12x"}, (422, "10015")),
        ("send_dtmf", {"digits": "1", "duration_millis": 50}, (422, "10033")),
        ("speak", {"payload": "x" * 3001, "voice": "female"}, (422, "10033")),
        ("speak", {"payload": "Hi"}, (422, "10004")),
        ("record_start", {"channels": "stereo", "format": "wav"}, (422, "10032")),
        ("record_start", {"channels": "dual", "format": "wav", "max_length": 20_000}, (422, "10033")),
        ("record_stop", {}, (422, "10027")),
        ("playback_start", {"loop": 1}, (422, "10004")),
        ("transfer", {"to": "12"}, (422, "10016")),
        ("transfer", {"to": ADA, "timeout_secs": 2}, (422, "10033")),
        ("transfer", {"to": ADA, "webhook_url": "here"}, (422, "10015")),
        ("bridge", {"call_control_id": "v3:nobody"}, (422, "90015")),
        ("streaming_stop", {}, (422, "90048")),
        ("streaming_start", {"stream_url": "https://b.example.com"}, (422, "10015")),
        ("client_state_update", {"client_state": "?"}, (422, "90017")),
        ("answer", {}, (422, "90102")),
    ],
)
async def test_a_command(http, leg, name, body, expected):
    assert refusal(await http.post(f"/calls/{leg.id}/actions/{name}", json=body)) == expected


async def test_every_command_after_the_end(http, leg):
    await http.post(f"/calls/{leg.id}/actions/hangup", json={})
    for name, body in (("hangup", {}), ("send_dtmf", {"digits": "1"}), ("streaming_start", STREAM)):
        assert refusal(await http.post(f"/calls/{leg.id}/actions/{name}", json=body)) == (422, "90018")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stream_track": "sideways"}, "10032"),
        ({"stream_codec": "pcmu"}, "10032"),
        ({"stream_bidirectional_codec": "MP3"}, "10032"),
        ({"stream_bidirectional_mode": "raw"}, "10032"),
        ({"stream_bidirectional_sampling_rate": 44_100}, "10032"),
        ({"stream_bidirectional_target_legs": "all"}, "10032"),
        ({"stream_auth_token": "x" * 4001}, "10033"),
        ({"custom_parameters": [{"name": "a", "value": 1}]}, "10015"),
    ],
)
def test_a_stream(changes, code):
    with pytest.raises(RefusalError) as refused:
        read_plan({**STREAM, **changes}, "PCMU", False)
    assert refused.value.code == code


def frame(payload: bytes | str) -> str:
    text = payload if isinstance(payload, str) else b64encode(payload).decode()
    return json.dumps({"event": "media", "media": {"payload": text}})


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (b"\x00", "malformed_frame"),
        ("hello", "malformed_frame"),
        ('{"event":"dtmf","dtmf":{"digit":"1"}}', "malformed_frame"),
        ('{"event":"mark","name":"flat"}', "malformed_frame"),
        ('{"event":"clear","stream_id":"another"}', "malformed_frame"),
        (frame("?"), "invalid_media"),
        (frame(b"\xff" * 159), "invalid_media"),
        (frame(b"\xff" * 8 * 30_001), "invalid_media"),
    ],
)
def test_a_message_on_the_media_socket(message, title):
    side = StreamSide(Ids("s1", "v3:1", "1", ADA, OUR), read_plan(STREAM, "PCMU", False))
    [answer] = side.receive(message, 0)
    told = json.loads(answer)
    assert (told["event"], told["payload"]["title"]) == ("error", title)
    assert side.buffer.received_bytes == 0


def test_ten_minutes_are_the_limit():
    side = StreamSide(Ids("s1", "v3:1", "1", ADA, OUR), read_plan(STREAM, "PCMU", False))
    whole = frame(b"\xff" * 8 * 30_000)
    for _ in range(LIMIT_BYTES // (8 * 30_000)):
        assert side.receive(whole, 0) == []
    [answer] = side.receive(whole, 0)
    assert json.loads(answer)["payload"] == {
        "code": 100005,
        "title": "rate_limit_reached",
        "detail": "more than ten minutes of sound are waiting",
    }


async def test_the_vendors_own_package_reads_recordings_and_profiles(sim, rest, leg):
    await rest.send(commands.start_recording(leg.id, command_id="r1"))
    await rest.send(commands.stop_recording(leg.id, command_id="r2"))
    async with AsyncTelnyx(api_key=API_KEY, base_url=f"{sim.base_url}/v2", max_retries=0) as client:
        page = await client.recordings.list(filter={"call_control_id": leg.id})
        [recording] = page.data
        assert (await client.recordings.retrieve(recording.id)).data.download_urls.wav
        await client.recordings.delete(recording.id)
        assert (await client.recordings.list()).data == []
        [profile] = (await client.outbound_voice_profiles.list()).data
        assert (await client.outbound_voice_profiles.retrieve(profile.id)).data.enabled

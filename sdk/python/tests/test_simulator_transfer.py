import asyncio

import httpx
import pytest

from patter.carriers.twilio.markup import dial
from patter.carriers.twilio.rest import TwilioRest
from patter.simulators.echo import EchoApp
from patter.simulators.script import Listen
from patter.simulators.twilio import Phone

SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
OUR, ADA, HUMAN = "+15550001111", "+15550002222", "+15550003333"


@pytest.fixture
async def app(sim):
    async with EchoApp(TOKEN) as app:
        sim.world.numbers[OUR].voice_url = app.voice_url
        yield app


@pytest.mark.parametrize(
    ("behaviour", "told"), [("answer", "completed"), ("busy", "busy"), ("failed", "failed")]
)
async def test_a_live_call_is_given_to_a_human(sim, app, behaviour, told):
    sim.add_phone(Phone(HUMAN, behaviour=behaviour, answer_after_s=0.01, talk_s=0.05))
    call = await sim.dial_in(OUR, ADA, [Listen()])
    await call.reached("stream_started")
    async with TwilioRest(SID, TOKEN, sim.base_url) as rest:
        await rest.update_twiml(call.sid, dial(HUMAN, OUR, app.url("after")))
    await call.ended()
    assert app.told("stream", "StreamEvent") == ["stream-started", "stream-stopped"]
    assert app.told("after", "DialCallStatus") == [told]
    assert (call.cause, call.trouble_codes) == ("application_hung_up", [])


async def test_a_recording_is_announced_and_can_be_fetched(sim, app):
    url = app.url("recording")
    app.answer = lambda form: (
        f'<Response><Start><Recording recordingStatusCallback="{url}"/></Start><Say>Hi</Say></Response>'
    )
    call = await sim.dial_in(OUR, ADA, [Listen()])
    await call.ended()
    assert app.told("recording", "RecordingStatus") == ["completed"]
    [recording_url] = app.told("recording", "RecordingUrl")
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(recording_url + ".wav")).status_code == 401
        audio = await http.get(recording_url + ".wav", auth=(SID, TOKEN))
    assert (audio.status_code, audio.content[:4]) == (200, b"RIFF")


async def test_many_calls_at_once(sim, app):
    calls = [await sim.dial_in(OUR, ADA, [Listen()], time_limit_s=1) for _ in range(10)]
    await asyncio.gather(*(call.ended() for call in calls))
    assert {call.cause for call in calls} == {"time_limit"}
    assert {call.media.counts["media"] > 30 for call in calls} == {True}

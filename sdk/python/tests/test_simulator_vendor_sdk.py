"""The vendor's own SDK works against the simulator as it does against Twilio."""

import asyncio
from urllib.parse import urlsplit

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from patter.simulators.echo import EchoApp
from patter.simulators.script import HangUp
from patter.simulators.twilio import Faults, Phone

SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
OUR, DIAL = "+15550001111", "+15550002222"
EVENTS = ["initiated", "ringing", "answered", "completed"]
WAIT = "<Response><Say>Hold the line for a very long while, please, all of you</Say></Response>"


class Rewriting(TwilioHttpClient):
    def __init__(self, base_url):
        super().__init__(timeout=5)
        self._base_url = base_url

    def request(self, method, url, **more):
        parts = urlsplit(url)
        query = "?" + parts.query if parts.query else ""
        return super().request(method, self._base_url + parts.path + query, **more)


@pytest.fixture
async def vendor(sim):
    client = Client(SID, TOKEN, http_client=Rewriting(sim.base_url))
    yield client
    client.http_client.session.close()


@pytest.fixture
async def app(sim):
    async with EchoApp(TOKEN) as app:
        yield app


async def test_a_call_with_all_its_callbacks(sim, vendor, app):
    sim.add_phone(Phone(DIAL, answer_after_s=0.01, steps=(HangUp(at_ms=100),)))
    made = await asyncio.to_thread(
        vendor.calls.create,
        to=DIAL,
        from_=OUR,
        url=app.voice_url,
        status_callback=app.url("status"),
        status_callback_event=EVENTS,
        timeout=20,
    )
    assert (made.status, made.direction) == ("queued", "outbound-api")
    call = await sim.calls[made.sid].ended()
    assert app.told("status", "CallStatus") == ["initiated", "ringing", "in-progress", "completed"]
    assert app.told("status", "SequenceNumber") == ["0", "1", "2", "3"]
    assert app.told("voice", "CallStatus") == ["in-progress"]
    assert (call.cause, call.trouble_codes, app.refused) == ("caller_hung_up", [], 0)
    fetched = await asyncio.to_thread(vendor.calls(made.sid).fetch)
    assert (fetched.status, fetched.duration) == ("completed", "1")


async def test_callbacks_may_come_in_another_order(sim, vendor, app):
    faults = Faults(shuffled_status_callbacks=True)
    sim.add_phone(Phone(DIAL, answer_after_s=0, steps=(HangUp(at_ms=0),), faults=faults))
    made = await asyncio.to_thread(
        vendor.calls.create,
        to=DIAL,
        from_=OUR,
        twiml=WAIT,
        status_callback=app.url("status"),
        status_callback_event=EVENTS,
    )
    await sim.calls[made.sid].ended()
    assert app.told("status", "SequenceNumber") == ["0", "1", "3", "2"]


async def test_only_the_events_that_were_asked_for(sim, vendor, app):
    sim.add_phone(Phone(DIAL, answer_after_s=0, steps=(HangUp(at_ms=0),)))
    made = await asyncio.to_thread(
        vendor.calls.create, to=DIAL, from_=OUR, twiml=WAIT, status_callback=app.url("status")
    )
    await sim.calls[made.sid].ended()
    assert app.told("status", "CallStatus") == ["completed"]
    assert "voice" not in app.forms


@pytest.mark.parametrize(
    ("behaviour", "status", "sip"),
    [("busy", "busy", "486"), ("no-answer", "no-answer", "487"), ("failed", "failed", "500")],
)
async def test_calls_that_nobody_answers(sim, vendor, app, behaviour, status, sip):
    sim.add_phone(Phone(DIAL, behaviour=behaviour, answer_after_s=0))
    made = await asyncio.to_thread(
        vendor.calls.create, to=DIAL, from_=OUR, twiml=WAIT, status_callback=app.url("status"), timeout=1
    )
    call = await sim.calls[made.sid].ended()
    assert (call.status, call.answered_ms) == (status, None)
    assert app.told("status", "CallStatus") == [status]
    assert app.told("status", "SipResponseCode") == [sip]


async def test_updating_and_listing(sim, vendor, app):
    made = await asyncio.to_thread(vendor.calls.create, to=DIAL, from_=OUR, twiml=WAIT)
    await sim.calls[made.sid].reached("document")
    listed = await asyncio.to_thread(vendor.calls.list, to=DIAL, status="in-progress")
    assert [row.sid for row in listed] == [made.sid]
    changed = await asyncio.to_thread(vendor.calls(made.sid).update, status="completed")
    assert changed.status == "completed"
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(vendor.calls(made.sid).update, twiml=WAIT)
    assert (refused.value.status, refused.value.code) == (404, 20404)


async def test_errors_are_those_of_twilio(sim, vendor):
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(vendor.calls.create, to="12", from_=OUR, twiml=WAIT)
    assert (refused.value.status, refused.value.code) == (400, 21211)
    sim.world.refuse_next_requests = 1
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(vendor.api.accounts(SID).fetch)
    assert (refused.value.status, refused.value.code) == (429, 20429)


async def test_numbers(sim, vendor):
    [number] = await asyncio.to_thread(vendor.incoming_phone_numbers.list, phone_number=OUR)
    await asyncio.to_thread(
        vendor.incoming_phone_numbers(number.sid).update, voice_url="https://b.example.com/v"
    )
    assert sim.world.numbers[OUR].voice_url == "https://b.example.com/v"


async def test_recordings(sim, vendor, app):
    sim.add_phone(Phone(DIAL, answer_after_s=0, steps=(HangUp(at_ms=200),)))
    document = "<Response><Start><Recording/></Start><Say>Hold the line, please, all of you</Say></Response>"
    made = await asyncio.to_thread(vendor.calls.create, to=DIAL, from_=OUR, twiml=document)
    await sim.calls[made.sid].ended()
    [listed] = await asyncio.to_thread(vendor.calls(made.sid).recordings.list)
    shown = await asyncio.to_thread(vendor.recordings(listed.sid).fetch)
    assert (shown.status, shown.call_sid, shown.duration) == ("completed", made.sid, "1")
    assert await asyncio.to_thread(vendor.recordings(listed.sid).delete)
    with pytest.raises(TwilioRestException) as gone:
        await asyncio.to_thread(vendor.recordings(listed.sid).fetch)
    assert gone.value.code == 20404

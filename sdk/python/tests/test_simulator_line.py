"""The simulated Twilio's second legs: dialled phones, conferences, gathered answers, machines, its bill."""

import httpx
import pytest

from patter.carriers.twilio import markup
from patter.carriers.twilio.rest import TwilioRest
from patter.errors import CarrierError
from patter.simulators.echo import EchoApp
from patter.simulators.script import Digits, HangUp, Listen, Say, Wait
from patter.simulators.twilio import Faults, Phone

SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
OUR, ADA, HUMAN = "+15550001111", "+15550002222", "+15550003333"


@pytest.fixture
async def app(sim):
    async with EchoApp(TOKEN) as app:
        sim.world.numbers[OUR].voice_url = app.voice_url
        yield app


def rest(sim):
    return TwilioRest(SID, TOKEN, sim.base_url, timeout_s=3)


async def connected(sim, steps=None, **more):
    call = await sim.dial_in(OUR, ADA, steps or [Listen()], **more)
    await call.reached("stream_started")
    return call


@pytest.mark.parametrize(
    ("behaviour", "statuses", "sip"),
    [
        ("answer", ["initiated", "ringing", "in-progress", "completed"], "200"),
        ("busy", ["initiated", "ringing", "busy"], "486"),
        ("declined", ["initiated", "ringing", "busy"], "603"),
        ("failed", ["initiated", "failed"], "404"),
    ],
)
async def test_a_dialled_phone_is_told_about_as_a_leg_of_its_own(sim, app, behaviour, statuses, sip):
    sim.add_phone(Phone(HUMAN, behaviour=behaviour, answer_after_s=0.01, talk_s=0.05))
    call = await connected(sim)
    async with rest(sim) as twilio:
        document = markup.dial(HUMAN, OUR, app.url("after"), status_callback=app.url("leg"))
        await twilio.update_twiml(call.sid, document)
    await call.ended()
    assert app.told("leg", "CallStatus") == statuses
    assert app.told("leg", "SipResponseCode")[-1] == sip
    assert set(app.told("leg", "ParentCallSid")) == {call.sid}


async def test_a_caller_who_leaves_stops_the_ringing(sim, app):
    sim.add_phone(Phone(HUMAN, answer_after_s=20))
    call = await connected(sim, [HangUp(at_ms=600)])
    async with rest(sim) as twilio:
        document = markup.dial(HUMAN, OUR, app.url("after"), status_callback=app.url("leg"))
        await twilio.update_twiml(call.sid, document)
    await call.ended()
    assert app.told("leg", "CallStatus")[-1] == "canceled"
    assert app.told("after", "DialCallStatus") == []


async def test_two_meet_in_a_conference_and_leave_together(sim, app):
    sim.add_phone(Phone(HUMAN, answer_after_s=0.01, steps=(Wait(300), HangUp())))
    call = await connected(sim)
    async with rest(sim) as twilio:
        await twilio.update_twiml(call.sid, markup.wait_in_room("r1", app.url("after")))
        await call.reached("conference_entered")
        human = await twilio.create_call(to=HUMAN, from_=OUR, twiml=markup.join_room("r1"))
    await call.ended()
    assert app.told("after", "DialCallStatus") == ["completed"]
    assert sim.calls[human.sid].of_kind("conference_entered")[0].data["started"]
    legs = {billed.call_sid: billed.minutes for billed in sim.world.ledger}
    assert legs == {call.sid: 1, human.sid: 1}


@pytest.mark.parametrize(
    ("step", "told"), [(Digits("1"), ("Digits", "1")), (Say("yes please"), ("SpeechResult", "yes please"))]
)
async def test_what_a_human_enters_or_says_is_gathered(sim, app, step, told):
    sim.add_phone(Phone(HUMAN, answer_after_s=0.01, steps=(step, Listen())))
    async with rest(sim) as twilio:
        document = markup.ask_to_accept("Ada calls.", app.url("answer"), timeout_s=5)
        created = await twilio.create_call(to=HUMAN, from_=OUR, twiml=document)
    await sim.calls[created.sid].ended()
    assert app.told("answer", told[0]) == [told[1]]


async def test_silence_is_an_answer_too(sim, app):
    async with rest(sim) as twilio:
        document = markup.ask_to_accept("Ada.", app.url("answer"), timeout_s=1)
        created = await twilio.create_call(to=HUMAN, from_=OUR, twiml=document)
    await sim.calls[created.sid].ended()
    assert app.told("answer", "CallSid") == [created.sid]
    assert app.told("answer", "Digits") == [""]


@pytest.mark.parametrize(
    ("mode", "answered_by", "word"),
    [
        ("Enable", "human", "human"),
        ("Enable", "machine", "machine_start"),
        ("DetectMessageEnd", "machine", "machine_end_beep"),
        ("DetectMessageEnd", "fax", "fax"),
        ("Enable", "unknown", "unknown"),
    ],
)
async def test_who_answered_is_told_beside_the_call(sim, app, mode, answered_by, word):
    phone = Phone(HUMAN, answer_after_s=0.01, answered_by=answered_by, detected_after_s=0.1, greeting_s=0.2)
    sim.add_phone(phone)
    options = {"MachineDetection": mode, "AsyncAmd": "true", "AsyncAmdStatusCallback": app.url("amd")}
    async with rest(sim) as twilio:
        created = await twilio.create_call(to=HUMAN, from_=OUR, url=app.voice_url, options=options)
        call = sim.calls[created.sid]
        await call.reached("detected")
        await twilio.hang_up(call.sid)
    await call.ended()
    assert app.told("amd", "AnsweredBy") == [word]


async def test_a_verdict_that_is_waited_for_comes_with_the_first_request(sim, app):
    sim.add_phone(Phone(HUMAN, answer_after_s=0.01, answered_by="machine", detected_after_s=0.1))
    async with rest(sim) as twilio:
        created = await twilio.create_call(
            to=HUMAN, from_=OUR, url=app.voice_url, options={"MachineDetection": "Enable"}
        )
        await sim.calls[created.sid].reached("stream_started")
        await twilio.hang_up(created.sid)
    assert app.told("voice", "AnsweredBy") == ["machine_start"]


async def test_a_created_call_whose_answer_is_lost_can_be_found(sim, app):
    sim.add_phone(Phone(HUMAN, answer_after_s=0.01, faults=Faults(lost_create_answer=True)))
    async with rest(sim) as twilio:
        with pytest.raises(CarrierError) as lost:
            await twilio.create_call(to=HUMAN, from_=OUR, url=app.voice_url)
        assert lost.value.code == "outcome_unknown"
        [found] = await twilio.list_calls(to=HUMAN, from_=OUR)
        await twilio.hang_up(found.sid)
    await sim.calls[found.sid].ended()


async def test_a_recording_that_is_not_there_yet_and_one_that_is_deleted(sim, app):
    document = f'<Response><Start><Recording recordingStatusCallback="{app.url("rec")}"/></Start></Response>'
    app.answer = lambda form: document.replace("</Response>", "<Say>Hi</Say></Response>")
    call = await sim.dial_in(OUR, ADA, [Listen()], faults=Faults(recording_404_times=2))
    await call.ended()
    [url] = app.told("rec", "RecordingUrl")
    async with httpx.AsyncClient(trust_env=False, auth=(SID, TOKEN)) as http:
        asked = [(await http.get(f"{url}.wav")).status_code for _ in range(3)]
        gone = [(await http.delete(f"{url}.json")).status_code, (await http.get(f"{url}.wav")).status_code]
    assert (asked, gone) == ([404, 404, 200], [204, 404])


async def test_media_in_long_frames_with_a_gap_and_empty_ones(sim, app):
    faults = Faults(frame_ms=100, empty_payloads=True, gap_at_ms=200, gap_ms=400)
    call = await sim.dial_in(OUR, ADA, [HangUp(at_ms=1000)], faults=faults)
    await call.ended()
    assert not call.troubles


async def test_status_callbacks_twice(sim, app):
    sim.world.numbers[OUR].status_callback = app.url("status")
    call = await sim.dial_in(OUR, ADA, [HangUp(at_ms=200)], faults=Faults(duplicate_status_callbacks=True))
    await call.ended()
    assert app.told("status", "CallStatus") == ["completed", "completed"]

"""What the simulated Twilio refuses, as Twilio does: parameters, values in documents, caller ids."""

from __future__ import annotations

import pytest

from patter.simulators.script import Listen
from patter.simulators.twilio.params import RefusalError, read_create
from patter.simulators.twilio.twiml import read_document

from .line import ADA, HUMAN, OUR, SID, TOKEN, Line

GOOD = {"To": HUMAN, "From": OUR, "Url": "https://b.example.com/voice"}


def created(**changes):
    form = {name: [value] for name, value in {**GOOD, **changes}.items() if value is not None}
    return read_create(form, frozenset({OUR}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21201),
        ({"To": "12"}, 21211),
        ({"From": None}, 21213),
        ({"From": "call me"}, 21212),
        ({"From": ADA}, 21210),
        ({"Url": None}, 21205),
        ({"Url": "ftp://b.example.com"}, 21205),
        ({"StatusCallback": "https://my_host.example.com/s"}, 21205),
        ({"Url": None, "Twiml": "x" * 4001}, 32018),
        ({"SendDigits": "1" * 33}, 21206),
        ({"SendDigits": "12x"}, 21206),
        ({"Colour": "red"}, 20001),
        ({"StatusCallbackEvent": "initiated,ringing"}, 20001),
        ({"Method": "PATCH"}, 20001),
        ({"Record": "yes"}, 20001),
        ({"RecordingChannels": "stereo"}, 20001),
        ({"RecordingStatusCallbackEvent": "done"}, 20001),
        ({"Trim": "always"}, 20001),
        ({"Timeout": "601"}, 20001),
        ({"TimeLimit": "0"}, 20001),
        ({"MachineDetection": "enable"}, 20001),
        ({"AsyncAmd": "True"}, 20001),
        ({"MachineDetectionTimeout": "2"}, 20001),
        ({"MachineDetectionSpeechThreshold": "999"}, 20001),
        ({"MachineDetectionSpeechEndThreshold": "5001"}, 20001),
        ({"MachineDetectionSilenceTimeout": "soon"}, 20001),
    ],
)
def test_a_call_that_twilio_does_not_create(changes, code):
    with pytest.raises(RefusalError) as refused:
        created(**changes)
    assert refused.value.code == code


def test_a_call_that_it_does_create():
    request = created(
        Record="true", RecordingChannels="dual", Timeout="20", MachineDetection="Enable", AsyncAmd="true"
    )
    assert (request.timeout_s, request.time_limit_s, request.detection.mode) == (20, 14_400, "Enable")
    # With digits to send there is no detection, and with an address no document.
    both = created(SendDigits="1w2", MachineDetection="Enable", Twiml="<Response/>")
    assert (both.detection.mode, both.twiml) == ("", "")


@pytest.mark.parametrize(
    "verb",
    [
        "<Dial answerOnBridge='yes'>+12025550133</Dial>",
        "<Dial timeout='soon'>+12025550133</Dial>",
        "<Dial record='always'>+12025550133</Dial>",
        "<Start><Recording channels='stereo'/></Start>",
        "<Start><Recording trim='yes'/></Start>",
        "<Say loop='-1'>Hi</Say>",
        "<Play digits='12x'/>",
        "<Pause length='1.5'/>",
        "<Reject reason='tired'/>",
        "<Redirect method='PUT'>https://b.example.com</Redirect>",
        "<Gather input='voice'/>",
        "<Gather numDigits='0'/>",
        "<Dial><Conference beep='loud'>r</Conference></Dial>",
    ],
)
def test_a_value_that_twilio_does_not_know_is_a_warning_and_left_out(verb):
    document = read_document(f"<Response>{verb}</Response>".encode())
    assert [trouble.code for trouble in document.troubles] == [12200]
    [element] = document.verbs
    inner = element.children[0] if element.tag == "Start" or element.children else element
    assert not inner.attributes


@pytest.mark.parametrize(
    ("dial", "code"),
    [
        (f"<Dial callerId='+15550009999'>{HUMAN}</Dial>", 13214),
        (f"<Dial callerId='{OUR}'>sales</Dial>", 13223),
        (f"<Dial callerId='{OUR}'>{HUMAN}</Dial>", None),
        (f"<Dial callerId='{ADA}'>{HUMAN}</Dial>", None),
    ],
)
async def test_who_may_be_dialled_and_as_whom(dial, code):
    async with Line("twilio") as line:
        call = await line.dial(Listen())
        await call.reached("stream_started")
        await line.http.post(f"/Calls/{call.sid}.json", data={"Twiml": f"<Response>{dial}</Response>"})
        if code is None:
            await call.reached("carrier_dialled")
            call.end("caller_hung_up")
        await call.ended(10)
        assert call.trouble_codes == ([code] if code else [])


async def test_what_is_dialled_too_fast_waits_and_what_is_too_much_is_refused():
    """The wait is Twilio's, not the callee's: the call is queued, and does not ring."""
    async with Line("twilio") as line:
        line.sim.add_account(SID, TOKEN, calls_per_second=0.1, most_calls=2)
        made = []
        for _ in range(2):
            answer = await line.http.post("/Calls.json", data={**GOOD, "Url": line.url("voice")})
            made.append(answer.json())
        refused = await line.http.post("/Calls.json", data={**GOOD, "Url": line.url("voice")})
        assert refused.json()["code"] == 10004
        assert made[0]["queue_time"] == "0" and 5000 < int(made[1]["queue_time"]) <= 10_000
        first, second = (line.sim.calls[call["sid"]] for call in made)
        await first.reached("status")
        assert second.of_kind("status") == []
        await line.http.post(f"/Calls/{second.sid}.json", data={"Status": "canceled"})
        await second.ended()
        assert (second.status, list(line.sim.world.ledger)) == ("canceled", [])

import httpx
import pytest

from patter.carriers.twilio.rest import TwilioRest
from patter.errors import CarrierError
from patter.simulators.twilio import Faults, Phone

SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
OUR, DIAL = "+15550001111", "+15550002222"
HANG_UP = "<Response><Pause length='1'/><Pause length='9'/><Hangup/></Response>"


@pytest.fixture
async def rest(sim):
    async with TwilioRest(SID, TOKEN, sim.base_url + "/", retry_delay_s=0.01) as rest:
        yield rest


async def test_credentials_are_checked(sim, rest):
    account = await rest.fetch_account()
    assert (account.sid, account.status, account.kind) == (SID, "active", "Full")
    async with TwilioRest(SID, "wrong", sim.base_url) as stranger:
        with pytest.raises(CarrierError) as refused:
            await stranger.fetch_account()
    assert (refused.value.code, refused.value.permanent) == ("20003", True)


async def test_a_call_is_dialled_found_and_ended(sim, rest):
    made = await rest.create_call(to=DIAL, from_=OUR, twiml=HANG_UP)
    assert (made.status, made.direction, made.to, made.from_) == ("queued", "outbound-api", DIAL, OUR)
    call = sim.calls[made.sid]
    await call.reached("document")
    assert (await rest.fetch_call(made.sid)).status == "in-progress"
    assert [found.sid for found in await rest.list_calls(to=DIAL, status="in-progress")] == [made.sid]
    assert await rest.list_calls(to=OUR) == []
    await rest.hang_up(made.sid)
    await call.ended()
    over = await rest.fetch_call(made.sid)
    assert over.is_over
    assert (over.status, over.duration_s) == ("completed", 1)


async def test_a_call_that_is_over_counts_as_hung_up(sim, rest):
    await rest.hang_up("CA0")
    made = await rest.create_call(to=DIAL, from_=OUR, twiml=HANG_UP)
    await rest.hang_up(made.sid)
    await rest.hang_up(made.sid)
    assert (await rest.fetch_call(made.sid)).status == "canceled"


async def test_a_hang_up_that_is_answered_with_404_is_a_success(sim, rest):
    sim.add_phone(Phone(DIAL, faults=Faults(hang_up_404=True)))
    made = await rest.create_call(to=DIAL, from_=OUR, twiml=HANG_UP)
    await rest.hang_up(made.sid)


async def test_another_document_in_a_live_call(sim, rest):
    made = await rest.create_call(to=DIAL, from_=OUR, twiml=HANG_UP)
    call = sim.calls[made.sid]
    await call.reached("document")
    await rest.update_twiml(made.sid, "<Response><Say>Bye</Say><Hangup/></Response>")
    await call.ended()
    assert [fact.data["text"] for fact in call.of_kind("carrier_said")] == ["Bye"]
    with pytest.raises(CarrierError) as refused:
        await rest.update_twiml(made.sid, HANG_UP)
    assert (refused.value.code, refused.value.permanent) == ("20404", True)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": ""}, "21201"),
        ({"to": "555"}, "21211"),
        ({"from_": ""}, "21213"),
        ({"from_": "+15559999999"}, "21210"),
        ({"from_": "me"}, "21212"),
        ({"twiml": None}, "21205"),
        ({"twiml": None, "url": "https://under_score.example.com/"}, "21205"),
        ({"twiml": "x" * 4001}, "32018"),
        ({"options": {"SendDigits": "x"}}, "21206"),
        ({"options": {"Surprise": "1"}}, "20001"),
        ({"timeout_s": 601}, "20001"),
        ({"status_callback": "https://b.example.com/s", "status_events": ["initiated,answered"]}, "20001"),
    ],
)
async def test_refused_calls_are_permanent_errors_with_twilios_code(rest, given, code):
    with pytest.raises(CarrierError) as refused:
        await rest.create_call(**{"to": DIAL, "from_": OUR, "twiml": HANG_UP, **given})
    assert (refused.value.code, refused.value.permanent) == (code, True)


async def test_too_many_requests_are_repeated_a_few_times(sim, rest):
    sim.world.refuse_next_requests = 2
    assert (await rest.fetch_account()).sid == SID
    sim.world.refuse_next_requests = 3
    with pytest.raises(CarrierError) as refused:
        await rest.fetch_account()
    assert (refused.value.code, refused.value.permanent) == ("20429", False)


async def test_a_number_is_looked_up_and_sent_to_us(sim, rest):
    sim.world.numbers[OUR].trunk_sid = "TK1"
    number = await rest.look_up_number(OUR)
    changed = await rest.configure_number(number.sid, voice_url="https://b.example.com/voice")
    assert (changed.voice_url, changed.takes_calls) == ("https://b.example.com/voice", True)
    assert sim.world.numbers[OUR].trunk_sid == ""
    with pytest.raises(CarrierError):
        await rest.look_up_number(DIAL)


async def test_no_answer_is_worth_another_try_but_not_a_blind_second_call():
    async with TwilioRest(SID, TOKEN, "http://127.0.0.1:9") as rest:
        with pytest.raises(CarrierError) as failed:
            await rest.create_call(to=DIAL, from_=OUR, twiml=HANG_UP)
        assert (failed.value.code, failed.value.permanent) == ("unreachable", False)

    def silent(request):
        raise httpx.ReadTimeout("no answer", request=request)

    async with TwilioRest(SID, TOKEN, "http://127.0.0.1:9", transport=httpx.MockTransport(silent)) as rest:
        with pytest.raises(CarrierError) as failed:
            await rest.create_call(to=DIAL, from_=OUR, twiml=HANG_UP)
        assert (failed.value.code, failed.value.permanent) == ("outcome_unknown", False)

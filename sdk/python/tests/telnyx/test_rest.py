"""Our REST client against the simulated Telnyx, and what it refuses before it asks."""

import asyncio

import httpx
import pytest

from patter.carriers.telnyx import commands
from patter.carriers.telnyx.rest import TelnyxRest
from patter.errors import CarrierError, ConfigError
from patter.simulators.fault_plan import Fault
from patter.simulators.telnyx import Phone, TelnyxSimulator
from sdk.python.tests.telnyx.conftest import ADA, API_KEY, CONNECTION, OUR


def dial(**more):
    return commands.dial(**{"connection_id": CONNECTION, "to": ADA, "from_": OUR, "command_id": "c1", **more})


async def refused(coroutine):
    with pytest.raises(CarrierError) as caught:
        await coroutine
    return caught.value


async def test_a_call_is_dialled_once_however_often_it_is_asked(sim, rest):
    sim.add_phone(Phone(ADA, answer_after_s=30))
    first, again = await rest.dial(dial()), await rest.dial(dial())
    assert first == again and len(sim.calls) == 1
    assert (await rest.fetch_call(first.call_control_id)).is_alive
    await rest.hang_up(first.call_control_id)
    await rest.hang_up(first.call_control_id)  # it is over: that is a success
    assert not (await rest.fetch_call(first.call_control_id)).is_alive


@pytest.mark.parametrize(
    ("prepare", "more", "code", "permanent", "words"),
    [
        (
            lambda sim: sim.add_application(CONNECTION, API_KEY, dials=False),
            {},
            "D38",
            True,
            "Outbound Voice Profile",
        ),
        (lambda sim: None, {"to": "+33123456789"}, "D13", True, "whitelisted countries"),
        (lambda sim: None, {"from_": "+12025550999"}, "D51", True, "Unverified origination number"),
        (lambda sim: None, {"to": "12025550122"}, "10016", True, "E.164"),
        (lambda sim: None, {"connection_id": "1"}, "10015", True, "connection_id"),
        (lambda sim: setattr(sim.world, "refuse_next_requests", 9), {}, "10011", False, "rate limit"),
    ],
)
async def test_a_refusal_to_dial_has_telnyxs_own_words(sim, rest, prepare, more, code, permanent, words):
    prepare(sim)
    error = await refused(rest.dial(dial(**more)))
    assert (error.code, error.permanent) == (code, permanent)
    assert words in str(error)


async def test_more_calls_than_the_account_may_have_are_refused_for_now(sim, rest):
    sim.add_account("KEY2", concurrent_calls=1)
    sim.add_application("22", "KEY2")
    sim.add_number("+12025550133", "KEY2", "22")
    sim.add_phone(Phone(ADA, answer_after_s=30))
    async with TelnyxRest("KEY2", "22", f"{sim.base_url}/v2") as other:
        order = {"connection_id": "22", "from_": "+12025550133"}
        await other.dial(dial(**order))
        error = await refused(other.dial(dial(**order, command_id="c2")))
    assert (error.code, error.permanent) == ("D1", False)


async def test_calls_that_go_on_are_listed_from_every_page(sim, rest, monkeypatch):
    monkeypatch.setattr("patter.carriers.telnyx.rest.PAGE_SIZE", 2)
    dialled = set()
    for at in range(5):
        number = f"+1202555013{at}"
        sim.add_phone(Phone(number, answer_after_s=30))
        dialled.add((await rest.dial(dial(to=number, command_id=f"c{at}"))).call_control_id)
    assert {one.call_control_id for one in await rest.list_active_calls()} == dialled
    for leg in dialled:
        await rest.hang_up(leg)
    assert await rest.list_active_calls() == []


async def test_a_rate_limit_is_waited_out(sim, rest):
    sim.world.refuse_next_requests = 2
    assert (await rest.fetch_application()).connection_id == CONNECTION


async def test_a_wrong_key_is_said(sim):
    async with TelnyxRest("KEYwrong", CONNECTION, f"{sim.base_url}/v2") as rest:
        error = await refused(rest.fetch_application())
    assert (error.code, error.permanent) == ("10009", True)


async def test_an_answer_that_is_lost_is_an_unknown_outcome(sim, rest):
    sim.world.lose_answers_of.add(API_KEY)
    error = await refused(rest.dial(dial()))
    assert (error.code, error.permanent) == ("504", False)
    assert (await rest.dial(dial())).call_control_id in sim.calls and len(sim.calls) == 1


async def test_a_command_whose_answer_is_torn_off_is_sent_again_as_the_same(sim, rest):
    sim.add_phone(Phone(ADA, answer_after_s=0))
    leg = sim.calls[(await rest.dial(dial())).call_control_id]
    await asyncio.wait_for(leg.answered.wait(), 10)
    sim.world.rest_faults.add("command.send_dtmf", Fault(cut_after=0))
    assert await rest.send_to_live(commands.send_digits(leg.id, "1", command_id="a1"))
    assert [fact.data["name"] for fact in leg.of_kind("command")] == ["send_dtmf"]
    assert len(leg.of_kind("command_repeated")) == 1


async def test_nobody_there(unused_tcp_port):
    async with TelnyxRest("k", base_url=f"http://127.0.0.1:{unused_tcp_port}/v2") as rest:
        assert (await refused(rest.fetch_application())).code == "unreachable"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(200, text="<html>"), "outcome_unknown"),
        (httpx.Response(500, text="oops"), "500"),
        (httpx.Response(422, json={"errors": "?"}), "422"),
        (httpx.Response(403, json={"errors": [{"code": "10010", "detail": "no profile D38"}]}), "D38"),
    ],
)
async def test_strange_answers_are_carrier_errors(answer, code):
    transport = httpx.MockTransport(lambda request: answer)
    async with TelnyxRest("k", "1", transport=transport) as rest:
        assert (await refused(rest.dial(dial()))).code == code


async def test_a_number_and_its_application_are_set_up(sim, rest):
    sim.add_number("+12025550144", API_KEY)
    number = await rest.look_up_number("+12025550144")
    assert number.connection_id == ""
    assert (await rest.connect_number(number.id)).connection_id == CONNECTION
    found = await rest.fetch_application()
    now = await rest.configure_application(found, webhook_url="https://patter.test/x")
    assert (now.webhook_url, now.api_version) == ("https://patter.test/x", "2")
    assert (await rest.fetch_profile(now.outbound_profile_id)).enabled
    assert (await refused(rest.look_up_number("+12025550999"))).code == "10005"


WSS = "wss://patter.test/media"


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: commands.start_stream("v3:a", "https://x", command_id="c"), "wss://"),
        (lambda: commands.start_stream("v3:a", "ws://x.example", command_id="c"), "wss://"),
        (lambda: commands.start_stream("v3:a", WSS + "?a=b", command_id="c"), "no query string"),
        (lambda: commands.start_stream("v3:a", WSS, command_id="c", token="x" * 4001), "4000"),
        (lambda: commands.start_stream("v3:a", WSS, command_id="c", codec="OPUS"), "PCMU, PCMA, L16"),
        (lambda: commands.start_stream("v3:a", WSS, command_id="c", parameters={"a": "x" * 500}), "'a'"),
        (lambda: commands.start_stream("v3:a", WSS, command_id="c", parameters={"": "x"}), "name"),
        (lambda: commands.start_stream("", WSS, command_id="c"), "call_control_id"),
        (lambda: commands.speak("v3:a", "x" * 3001, "en", command_id="c"), "3001"),
        (lambda: commands.speak("v3:a", "", "en", command_id="c"), "1 to 3000"),
        (lambda: commands.send_digits("v3:a", "12x", command_id="c"), "0-9 A-D"),
        (lambda: commands.reject("v3:a", command_id="c", cause="NO"), "USER_BUSY"),
        (lambda: dial(timeout_s=4), "5 to 600"),
        (lambda: dial(headers={"Ticket": "1"}), "'Ticket'"),
        (lambda: dial(headers={"X-A b": "1"}), "no spaces"),
        (lambda: dial(headers={"X-A": "1\r\nEvil: 2"}), "one line"),
        (lambda: dial(headers={"X-A": "x" * 500}), "under 500"),
        (lambda: dial(webhook_url="/relative"), "absolute"),
    ],
)
def test_what_telnyx_would_refuse_is_said_before(build, sentence):
    with pytest.raises(ConfigError, match=sentence):
        build()


def test_a_stream_is_asked_for_in_a_way_that_can_be_heard():
    body = commands.start_stream("v3:a", WSS, command_id="c", token="t", codec="L16").body
    assert body["stream_bidirectional_mode"] == "rtp"
    assert (body["stream_bidirectional_codec"], body["stream_bidirectional_sampling_rate"]) == ("L16", 16000)
    assert body["stream_auth_token"] == "t" and body["custom_parameters"] == [{"name": "token", "value": "t"}]


def test_every_command_has_an_id():
    every = [
        commands.answer("v3:a", command_id="c"),
        commands.start_stream("v3:a", WSS, command_id="c"),
        commands.stop_stream("v3:a", command_id="c"),
        dial(command_id="c"),
        commands.hang_up("v3:a", command_id="c"),
        commands.reject("v3:a", command_id="c"),
        commands.speak("v3:a", "Hi", "de", command_id="c"),
        commands.ask_for_key("v3:a", "Hi", "de", command_id="c"),
        commands.send_digits("v3:a", "1", command_id="c"),
        commands.transfer("v3:a", ADA, command_id="c"),
        commands.bridge("v3:a", "v3:b", command_id="c"),
        commands.start_recording("v3:a", command_id="c"),
        commands.stop_recording("v3:a", command_id="c"),
        commands.start_playback("v3:a", "https://x/y.wav", command_id="c"),
        commands.stop_playback("v3:a", command_id="c"),
    ]
    assert {command.body["command_id"] for command in every} == {"c"}
    assert every[0].path == "/calls/v3:a/actions/answer"


def test_a_state_is_base64_and_comes_back():
    assert commands.decode_state(commands.encode_state("call_1:x2")) == "call_1:x2"
    for garbage in (None, 7, "?", "ü", "/w=="):
        assert commands.decode_state(garbage) == ""


async def test_it_is_a_simulator_for_everybody():
    async with TelnyxSimulator() as one, TelnyxSimulator() as other:
        assert one.base_url != other.base_url

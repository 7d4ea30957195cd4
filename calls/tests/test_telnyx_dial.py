"""Dialling over Telnyx, by the same job that dials over Twilio."""

import pytest

from calls.models import Call, Dial
from calls.services.dial import dial_call
from calls.services.place import PlaceOptions, place_call
from calls.tests.cast import CALLER, NUMBER
from calls.tests.telnyx_cast import CONNECTION, make_telnyx_number
from patter.carriers.telnyx.commands import decode_state
from patter_site.testing import api, error_of


@pytest.fixture
def number(cast):
    return make_telnyx_number(cast.organisation)


@pytest.fixture
def carrier(telnyx_api):
    telnyx_api.answer("POST", "/calls", 200, {"data": {"call_control_id": "v3:b", "is_alive": False}})
    return telnyx_api


def place(cast, **fields) -> Call:
    return place_call(organisation=cast.organisation, to=CALLER, **fields)


def again(call: Call) -> Call:
    call.refresh_from_db()
    return call


def job(call: Call) -> Dial:
    return Dial.objects.of(call.organisation_id).get(pk=call.pk)


def test_one_request_with_our_id_in_it(cast, number, carrier):
    call = place(cast, options=PlaceOptions(ring_s=25, max_duration_s=120))
    for _ in range(3):
        dial_call(call.pk)
    ((asked, body),) = carrier.asked
    assert asked == "POST /calls"
    assert (body["to"], body["from"], body["connection_id"]) == (CALLER, NUMBER, CONNECTION)
    assert (body["command_id"], decode_state(body["client_state"])) == (call.pk, call.pk)
    assert (body["timeout_secs"], body["time_limit_secs"]) == (25, 180)
    assert body["webhook_url"] == f"https://patter.test/webhooks/telnyx/{number.carrier_account_id}"
    assert body["answering_machine_detection"] == "disabled"
    call = again(call)
    assert (call.status, call.carrier, call.carrier_call_id) == ("dialling", "telnyx", "v3:b")


def test_machines_are_looked_for_when_asked(cast, number, carrier):
    dial_call(place(cast, options=PlaceOptions(machine_detection=True)).pk)
    assert carrier.asked[0][1]["answering_machine_detection"].startswith("premium")


def test_parameters_named_like_headers_go_to_the_callee(cast, number, carrier):
    params = {"X-Ticket": "42", "plain": "stays here"}
    dial_call(place(cast, options=PlaceOptions(custom_params=params)).pk)
    assert carrier.asked[0][1]["custom_headers"] == [{"name": "X-Ticket", "value": "42"}]


def test_a_header_that_cannot_be_sent_ends_the_call_and_says_which(cast, number, carrier):
    call = place(cast, options=PlaceOptions(custom_params={"X-Ti cket": "42"}))
    dial_call(call.pk)
    call = again(call)
    assert (call.status, call.error_code, carrier.asked) == ("failed", "not_dialable", [])
    assert "X-Ti cket" in call.error_message


def test_a_parameter_that_is_too_long_is_a_clear_error(cast, number, carrier):
    body = {"to": CALLER, "custom_params": {"X-Long": "x" * 500}}
    refused = api(cast.key).post("/api/v1/calls", body)
    assert refused.status_code == 400 and "X-Long" in str(error_of(refused))


@pytest.mark.parametrize(
    ("status", "code", "detail", "outcome", "blocked_by", "kept"),
    [
        (403, "10010", "Only Apps with valid Outbound Voice Profile can make calls D38", "failed", "", "D38"),
        (
            403,
            "10010",
            "Dialed number is not included in whitelisted countries D13",
            "blocked",
            "country",
            "D13",
        ),
        (403, "10010", "Unverified origination number D51", "blocked", "caller_id", "D51"),
        (422, "10016", "must be in E.164", "invalid_number", "", "10016"),
        (401, "10009", "No key", "failed", "", "10009"),
    ],
)
def test_what_telnyx_refuses_is_said_in_its_words(
    cast, number, carrier, status, code, detail, outcome, blocked_by, kept
):
    carrier.refuse("POST", "/calls", status, code, detail)
    call = place(cast)
    dial_call(call.pk)
    call = again(call)
    assert (call.status, call.outcome, call.blocked_by) == ("failed", outcome, blocked_by)
    assert call.error_code == f"telnyx_{kept}" and detail in call.error_message


@pytest.mark.parametrize(
    ("status", "code", "detail"),
    [
        (403, "10039", "User channel limit exceeded D1"),
        (422, "90043", ""),
        (503, "", "CPS Limit reached P05"),
    ],
)
def test_a_limit_is_waited_out(cast, number, carrier, status, code, detail):
    carrier.refuse("POST", "/calls", status, code, detail)
    call = place(cast)
    dial_call(call.pk)
    assert (again(call).status, job(call).state) == ("dialling", "due")


def test_a_server_that_failed_half_way_may_have_dialled(cast, number, carrier):
    carrier.refuse("POST", "/calls", 500, "10007")
    call = place(cast)
    dial_call(call.pk)
    dial_call(call.pk)
    assert (again(call).status, job(call).state) == ("dialling", "done")

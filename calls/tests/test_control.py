from datetime import timedelta

import pytest
from django.utils import timezone

from calls.models import Call
from calls.services.finish import finish_call
from calls.tests.cast import make_call
from patter_site.testing import api, error_of


@pytest.fixture
def live(cast, number) -> Call:
    """A call that a process carries."""
    return make_call(
        cast.organisation,
        status="in_progress",
        answered_at=timezone.now(),
        carrier_account=number.carrier_account,
        carrier_call_id="CA1",
        stream_issued=1,
        stream_used=1,
        lease_owner="me",
        lease_until=timezone.now() + timedelta(seconds=30),
    )


def hang_up(cast, call):
    return api(cast.key).post(f"/api/v1/calls/{call.pk}/hang-up")


def say(cast, call, text="Hello"):
    return api(cast.key).post(f"/api/v1/calls/{call.pk}/say", {"text": text})


def test_the_process_that_carries_the_call_ends_it(cast, live, sent, carrier):
    assert hang_up(cast, live).status_code == 200
    assert sent == [(f"call.{live.pk}", {"type": "call.hang_up", "reason": "api_hung_up"})]
    assert carrier.asked == []


def test_whoever_asked_for_the_end_is_its_reason_also_where_the_carriers_word_comes_first(cast, live, sent):
    """The carrier was asked while somebody answered, and tells whoever carries the call by then."""
    hang_up(cast, live)
    told = {"duration_ms": 900, "transcript": [], "history": [], "usage": {}}
    assert finish_call(live.pk, end_reason="caller_hung_up", **told).end_reason == "api_hung_up"


def test_where_nobody_carries_it_the_carrier_is_asked(cast, live, sent, carrier):
    Call.objects.of(cast.organisation).update(lease_until=None)
    carrier.answer("POST", "/Calls/CA1.json", 200, {"sid": "CA1", "status": "completed"})
    body = hang_up(cast, live).json()
    assert (body["status"], body["end_reason"]) == ("completed", "api_hung_up")
    assert carrier.asked == [("POST /Calls/CA1.json", {"Status": ["completed"]})]
    assert sent == []


def test_a_call_that_rings_is_cancelled(cast, live, sent, carrier):
    Call.objects.of(cast.organisation).update(
        lease_until=None, answered_at=None, status="ringing", stream_used=0, direction="outbound"
    )
    carrier.answer("POST", "/Calls/CA1.json", 200, {"sid": "CA1"})
    assert hang_up(cast, live).json()["status"] == "cancelled"


def test_a_call_that_is_over_for_the_carrier_is_over(cast, live, sent, carrier):
    Call.objects.of(cast.organisation).update(lease_until=None)
    assert hang_up(cast, live).json()["status"] == "completed"


def test_a_carrier_that_cannot_be_reached_is_said_so(cast, live, sent, carrier):
    Call.objects.of(cast.organisation).update(lease_until=None)
    carrier.answer("POST", "/Calls/CA1.json", 401, {"code": 20003, "message": "Authenticate"})
    refused = hang_up(cast, live)
    assert refused.status_code == 502 and "Authenticate" in error_of(refused)["message"]
    live.refresh_from_db()
    assert live.status == "in_progress"


def test_what_is_over_cannot_be_hung_up(cast, live, sent):
    Call.objects.of(cast.organisation).update(status="completed")
    refused = hang_up(cast, live)
    assert refused.status_code == 409 and error_of(refused)["code"] == "call_over"


def test_a_text_goes_to_the_process_that_carries_the_call(cast, live, sent):
    assert say(cast, live).status_code == 202
    assert sent == [(f"call.{live.pk}", {"type": "call.say", "text": "Hello"})]


def test_nothing_can_be_said_into_a_dead_line(cast, live, sent):
    Call.objects.of(cast.organisation).update(lease_until=None)
    assert error_of(say(cast, live))["code"] == "call_not_connected"
    Call.objects.of(cast.organisation).update(status="failed")
    assert error_of(say(cast, live))["code"] == "call_over"
    assert say(cast, live, "").status_code == 400 and sent == []

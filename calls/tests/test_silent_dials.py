"""A carrier that took a call and never said what became of it is asked, and its word is believed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.models import Call, DialAttempt
from calls.services.dial import dial_call
from calls.services.place import place_call
from calls.services.silent_dials import silent_dials
from calls.tasks import ask_about_silent_dials
from calls.tests.cast import CALLER
from calls.tests.telnyx_cast import LEG, make_telnyx_number


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Tasks run where they are sent."""
    monkeypatch.setattr("calls.tasks.wake", lambda task, *args: task(*args))


@pytest.fixture
def telnyx(telnyx_api, cast):
    make_telnyx_number(cast.organisation)
    telnyx_api.answer("POST", "/calls", 200, {"data": {"call_control_id": LEG, "is_alive": True}})
    return telnyx_api


def placed(cast, minutes_ago: float = 5) -> Call:
    call = place_call(organisation=cast.organisation, to=CALLER)
    dial_call(call.pk)
    call.refresh_from_db()
    assert call.status == "dialling"
    call.started_at = timezone.now() - timedelta(minutes=minutes_ago)
    call.save(update_fields=["started_at"])
    return call


def asked(call: Call) -> Call:
    ask_about_silent_dials()
    call.refresh_from_db()
    return call


@pytest.mark.parametrize(
    ("word", "status", "outcome"),
    [
        ("busy", "failed", "busy"),
        ("no-answer", "failed", "no_answer"),
        ("failed", "failed", "failed"),
        ("canceled", "cancelled", "cancelled"),
        ("completed", "completed", "human"),
    ],
)
def test_twilio_tells_how_the_call_ended(cast, number, carrier, word, status, outcome):
    call = placed(cast)
    carrier.answer("GET", "/Calls/CA100.json", 200, {"sid": "CA100", "status": word})
    call = asked(call)
    assert (call.status, call.outcome) == (status, outcome)
    assert silent_dials() == []


@pytest.mark.parametrize("word", ["queued", "ringing", "what-is-this", ""])
def test_a_call_that_still_waits_at_twilio_is_asked_about_again(cast, number, carrier, word):
    call = placed(cast)
    carrier.answer("GET", "/Calls/CA100.json", 200, {"sid": "CA100", "status": word})
    asked(call)
    call = asked(call)
    assert call.status in ("dialling", "ringing") and silent_dials() == [call.pk]


def test_a_carrier_that_is_away_is_asked_again(cast, number, carrier):
    call = placed(cast)
    carrier.answer("GET", "/Calls/CA100.json", 503, {"code": 20503, "message": "later"})
    assert asked(call).status == "dialling"
    carrier.answer("GET", "/Calls/CA100.json", 200, {"sid": "CA100", "status": "no-answer"})
    assert asked(call).status == "failed"


@pytest.mark.parametrize("forgotten", [False, True])
def test_telnyx_tells_that_the_call_is_over(cast, telnyx, forgotten):
    call = placed(cast)
    telnyx.answer("GET", f"/calls/{LEG}", 200, {"data": {"call_control_id": LEG, "is_alive": True}})
    assert asked(call).status == "dialling"
    if forgotten:
        telnyx.refuse("GET", f"/calls/{LEG}", 404, "10005", "Resource not found")
    else:
        telnyx.answer("GET", f"/calls/{LEG}", 200, {"data": {"call_control_id": LEG, "is_alive": False}})
    call = asked(call)
    assert (call.status, call.outcome, call.error_code) == ("failed", "unknown", "unknown")


def test_the_request_to_dial_is_closed_and_the_number_may_be_called_again(cast, number, carrier):
    call = placed(cast)
    carrier.answer("GET", "/Calls/CA100.json", 200, {"sid": "CA100", "status": "busy"})
    assert asked(call).is_over
    assert DialAttempt.objects.of(cast.organisation.pk).get(call=call).progress == "terminal"


def test_young_calls_are_left_alone(cast, number, carrier):
    placed(cast, minutes_ago=3)
    assert silent_dials() == []

"""A call that is over here is over at its carrier, too, whatever got lost on the way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.adapters.controls import _end_later
from calls.models import Call
from calls.services.left_open import CLOSED, left_open
from calls.tasks import close_left_open, hang_up_lost_call
from calls.tests.cast import make_call
from calls.tests.telnyx_cast import LEG, Telnyx, make_telnyx_number
from calls.tests.test_telnyx_door import work_off_all
from patter_site.common.jobs import LONGEST_COUNTDOWN_S


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Tasks run where they are sent."""
    monkeypatch.setattr("calls.tasks.wake", lambda task, *args: task(*args))


def over(number, minutes_ago: float = 6, **fields) -> Call:
    ended_at = timezone.now() - timedelta(minutes=minutes_ago)
    account = number.carrier_account
    about = {"carrier_account": account, "carrier": account.carrier, "carrier_call_id": "CA1"}
    given = {**about, "status": "completed", "ended_at": ended_at, "answered_at": ended_at, **fields}
    return make_call(number.organisation, **given)


def kinds(call: Call) -> list[str]:
    return list(call.events.order_by("id").values_list("kind", flat=True))


def test_the_carrier_is_asked_once_more_and_only_once(number, carrier):
    call = over(number)
    carrier.answer("POST", "/Calls/CA1.json", 200, {"sid": "CA1", "status": "completed"})
    assert close_left_open() == 1
    assert carrier.asked == [("POST /Calls/CA1.json", {"Status": ["completed"]})]
    assert kinds(call) == [CLOSED]
    assert close_left_open() == 0
    assert len(carrier.asked) == 1


def test_a_carrier_that_refuses_is_asked_again(number, carrier):
    call = over(number)
    carrier.answer("POST", "/Calls/CA1.json", 500, {"code": 20500, "message": "later"})
    close_left_open()
    assert kinds(call) == [] and left_open() == [call.pk]


@pytest.mark.parametrize("word", ["completed", "no-answer", "busy", "failed", "canceled"])
def test_the_carriers_own_word_on_the_end_is_enough(number, twilio, word):
    call = over(number)
    assert left_open() == [call.pk]
    twilio.status("CA1", word, "3")
    assert left_open() == []


def test_a_word_on_something_else_is_not(number, twilio):
    call = over(number)
    twilio.status("CA1", "in-progress", "2")
    assert left_open() == [call.pk]


def test_young_and_old_and_running_calls_are_left_alone(number):
    over(number, minutes_ago=4)
    over(number, minutes_ago=6 * 60, carrier_call_id="CA2")
    over(number, carrier_call_id="CA3", status="transferring")
    over(number, carrier_call_id="")
    assert left_open() == []


def test_telnyx_tells_its_end_by_its_own_event(cast):
    number = make_telnyx_number(cast.organisation)
    call = over(number, carrier_call_id=LEG)
    assert left_open() == [call.pk]
    Telnyx(number.carrier_account).tell("call.hangup", hangup_cause="normal_clearing")
    work_off_all()
    assert left_open() == []


def test_after_a_last_text_the_call_is_hung_up_when_its_time_is_over(monkeypatch):
    sent = []
    monkeypatch.setattr("calls.adapters.controls.wake", lambda *task, in_s: sent.append((*task, in_s)))
    _end_later("call_1", 12.5)
    _end_later("call_2", LONGEST_COUNTDOWN_S + 1)  # the sweep's: hanging up would cut it
    assert sent == [(hang_up_lost_call, "call_1", 12.5)]

"""Telnyx did not answer the request to dial: it is asked what became of it, and nobody is phoned twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.models import Call, CarrierNotice, Dial, DialAttempt
from calls.services.control import hang_up_call
from calls.services.dial import dial_call
from calls.services.place import place_call
from calls.tasks import look_up_lost_dials
from calls.tests.cast import CALLER
from calls.tests.telnyx_cast import CONNECTION, LEG, Telnyx, make_telnyx_number
from calls.webhooks.notices import work_off
from patter.carriers.telnyx.commands import encode_state

ACTIVE = f"/connections/{CONNECTION}/active_calls"


@pytest.fixture
def number(cast):
    return make_telnyx_number(cast.organisation)


@pytest.fixture
def carrier(telnyx_api, number):
    telnyx_api.refuse("POST", "/calls", 503, "10016", "broke off")
    return telnyx_api


@pytest.fixture
def lost(cast, carrier) -> Call:
    """A call whose request was perhaps carried out."""
    call = place_call(organisation=cast.organisation, to=CALLER)
    dial_call(call.pk)
    assert attempt_of(call).progress == "unknown"
    return call


def attempt_of(call: Call) -> DialAttempt:
    return DialAttempt.objects.of(call.organisation_id).get(call=call)


def look(call: Call) -> Call:
    DialAttempt.objects.of(call.organisation_id).update(due_at=timezone.now())
    look_up_lost_dials()
    call.refresh_from_db()
    return call


def going_on(carrier, **state_of: str) -> None:
    """What Telnyx lists: legs by their id, each with the text of its client_state."""
    rows = [
        {"call_control_id": f"v3:{name}", "client_state": encode_state(state) if state else None}
        for name, state in state_of.items()
    ]
    carrier.answer("GET", ACTIVE, 200, {"data": rows})


def dials(carrier) -> int:
    return [asked for asked, _ in carrier.asked].count("POST /calls")


def test_it_is_found_by_our_id_among_other_calls_to_the_same_person(lost, carrier):
    going_on(carrier, theirs="", other="call_of_another", ours=lost.pk)
    assert look(lost).carrier_call_id == "v3:ours"
    assert (attempt_of(lost).progress, attempt_of(lost).carrier_call_id) == ("sent", "v3:ours")
    assert dials(carrier) == 1


def test_what_is_not_there_by_the_third_look_is_unknown_and_never_dialled_again(lost, carrier):
    going_on(carrier, other="call_of_another")
    assert attempt_of(lost).due_at - timezone.now() <= timedelta(seconds=5)
    for _ in range(3):
        assert lost.status in ("queued", "dialling")
        look(lost)
    assert (lost.status, lost.outcome, lost.error_code) == ("failed", "unknown", "unknown")
    Dial.objects.of(lost.organisation_id).filter(pk=lost.pk).update(due_at=timezone.now())
    dial_call(lost.pk)
    assert dials(carrier) == 1


def test_a_telnyx_that_cannot_be_asked_is_asked_again(lost, carrier):
    carrier.refuse("GET", ACTIVE, 500, "10007", "broken")
    assert look(lost).carrier_call_id == ""
    going_on(carrier, ours=lost.pk)
    assert look(lost).carrier_call_id == "v3:ours"


def test_whoever_hangs_up_meanwhile_is_not_rung_for(lost, number, carrier, tasks_at_once):
    """Telnyx's name for the call is learned by its first word, and then it is hung up."""
    hang_up_call(call=lost)
    told = Telnyx(number.carrier_account)
    with tasks_at_once():
        told.tell("call.initiated", ours=lost.pk, direction="outgoing", state="bridging")
    assert carrier.commands() == ["calls", "hangup"]
    lost.refresh_from_db()
    assert (lost.status, lost.end_reason) == ("cancelled", "cancelled")


def test_an_event_proves_the_call_before_anybody_looks(lost, number, carrier):
    Telnyx(number.carrier_account).tell("call.answered", ours=lost.pk, direction="outgoing")
    notice = CarrierNotice.objects.unscoped("a test works the only one off").get()
    work_off(notice.pk)
    assert look(lost).carrier_call_id == LEG
    assert (attempt_of(lost).progress, dials(carrier)) == ("sent", 1)
    assert f"GET {ACTIVE}" not in [asked for asked, _ in carrier.asked]

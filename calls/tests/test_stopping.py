"""A process that is everything was told to stop: what would need it to go on waits, or is turned away."""

from xml.etree import ElementTree

import pytest

from calls.models import Call, CarrierNotice
from calls.services.dial import dial_call
from calls.services.place import place_call
from calls.tests.cast import CALLER, make_call, make_number
from calls.tests.telnyx_cast import Telnyx, make_telnyx_account
from calls.webhooks.notices import work_off
from patter_site.common import stopping


@pytest.fixture
def stops(settings):
    settings.SHAPE = type("Embedded", (), {"embedded": True})()
    stopping.ask()
    yield
    stopping.forget()


def calls(cast) -> list[Call]:
    return list(Call.objects.of(cast.organisation))


def test_who_calls_through_twilio_hears_the_busy_tone(cast, twilio, stops):
    (reject,) = ElementTree.fromstring(twilio.voice().content)
    assert (reject.tag, reject.get("reason")) == ("Reject", "busy")
    assert calls(cast) == []


def test_a_call_that_is_known_goes_on(cast, twilio, stops):
    stopping.forget()
    twilio.voice()
    stopping.ask()
    assert ElementTree.fromstring(twilio.voice().content).find("Connect/Stream") is not None


def test_who_calls_through_telnyx_hears_it_ring_until_the_next_process_answers(cast, telnyx_api, stops):
    account = make_telnyx_account(cast.organisation)
    make_number(cast.organisation, account=account)
    Telnyx(account).initiated()
    notice = CarrierNotice.objects.of(cast.organisation).get()
    for _ in range(10):
        assert work_off(notice.pk) is None
    assert calls(cast) == [] and telnyx_api.asked == []
    stopping.forget()
    work_off(notice.pk)
    assert [call.status for call in calls(cast)] == ["ringing"] and len(telnyx_api.asked) == 1


def test_what_telnyx_tells_of_our_own_calls_is_taken_to_the_end(cast, telnyx_api, stops):
    account = make_telnyx_account(cast.organisation)
    call = make_call(cast.organisation, direction="outbound", status="queued", carrier_account=account)
    Telnyx(account).tell("call.initiated", ours=call.pk, direction="outgoing", state="bridging")
    work_off(CarrierNotice.objects.of(cast.organisation).get().pk)
    call.refresh_from_db()
    assert call.status == "dialling"


def test_a_call_to_be_dialled_waits_for_the_next_process(cast, number, carrier, stops):
    call = place_call(organisation=cast.organisation, to=CALLER)
    dial_call(call.pk)
    assert carrier.asked == []
    stopping.forget()
    dial_call(call.pk)
    assert len(carrier.asked) == 1


def test_where_other_processes_carry_calls_they_are_taken_all_the_same(cast, twilio, stops, settings):
    settings.SHAPE = type("Separate", (), {"embedded": False})()
    assert ElementTree.fromstring(twilio.voice().content).find("Connect/Stream") is not None

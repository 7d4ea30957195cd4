"""Telnyx's events that miss something, hold what no database takes, or break whoever works them off."""

import pytest
from django.utils import timezone

from calls.models import CarrierNotice
from calls.tests.telnyx_cast import Telnyx, make_telnyx_number
from calls.tests.test_telnyx_door import the_call, work_off_all
from calls.webhooks.notices import MAX_TRIES
from calls.webhooks.telnyx_events import HANDLERS
from calls.webhooks.telnyx_transfer import HANDLERS as OF_TRANSFERS
from patter.carriers.telnyx.webhooks import NotAWebhook


@pytest.fixture
def telnyx(cast) -> Telnyx:
    return Telnyx(make_telnyx_number(cast.organisation).carrier_account)


@pytest.fixture
def carrier(telnyx_api):
    return telnyx_api


@pytest.mark.parametrize("caller", ["sip:a\x00da@example.com", "sip:a\ud800da@example.com"])
def test_a_caller_whose_name_no_database_takes_is_answered(cast, telnyx, carrier, caller):
    telnyx.initiated(**{"from": caller})
    work_off_all()
    assert (the_call(cast).from_number, carrier.commands()) == ("sip:ada@example.com", ["answer"])


@pytest.mark.parametrize("kind", sorted({*HANDLERS, *OF_TRANSFERS}))
@pytest.mark.parametrize("ours", ["", "call_1:x1:warm", "goodbye/"])
def test_an_event_that_names_no_leg_and_no_call_breaks_nobody(db, telnyx, carrier, kind, ours):
    assert telnyx.tell(kind, call_control_id="", ours=ours, direction="incoming").status_code == 200
    work_off_all()
    assert carrier.commands() == []
    state = CarrierNotice.objects.unscoped("a test looks").get().state
    assert state == ("due" if kind == "call.recording.saved" and ":" not in ours else "done")


def test_a_stream_that_failed_is_asked_for_again_though_its_leg_is_not_named(cast, telnyx, carrier):
    telnyx.initiated()
    telnyx.tell("call.answered")
    work_off_all()
    telnyx.tell("streaming.failed", ours=the_call(cast).pk, call_control_id="", failure_reason="no")
    work_off_all()
    assert carrier.commands() == ["answer", "streaming_start", "streaming_start"]


def test_an_event_that_breaks_whoever_works_it_off_is_given_up(cast, telnyx, carrier):
    telnyx.tell("call.answered")
    rows = CarrierNotice.objects.unscoped("a test breaks it")
    rows.update(body="{}")
    for _ in range(MAX_TRIES):
        with pytest.raises(NotAWebhook):
            work_off_all()
        rows.filter(state="running").update(state="due", due_at=timezone.now())
    work_off_all()
    assert rows.get().state == "failed"

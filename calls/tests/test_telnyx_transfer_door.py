"""The human's leg of a warm transfer at Telnyx, when nobody waits for it any more."""

from __future__ import annotations

import pytest

from calls.models import Call, CarrierNotice
from calls.services.finish import finish_call
from calls.services.transfer import TransferNews, note_transfer
from calls.tests.telnyx_cast import LEG, Telnyx, make_telnyx_number
from calls.webhooks.notices import work_off

HUMAN = "v3:leg-2"
WANTED = TransferNews("x1", "requested", target="sales", number="+15550170000", kind="warm", summary="Ada.")


@pytest.fixture
def carrier(telnyx_api):
    return telnyx_api


@pytest.fixture
def telnyx(cast) -> Telnyx:
    return Telnyx(make_telnyx_number(cast.organisation).carrier_account)


def work_off_all() -> None:
    rows = CarrierNotice.objects.unscoped("a test works everything off").filter(state="due")
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        work_off(pk)


@pytest.fixture
def call(cast, telnyx, carrier) -> Call:
    """Somebody called, and a human is to be asked."""
    telnyx.initiated()
    telnyx.tell("call.answered")
    work_off_all()
    call = Call.objects.of(cast.organisation).get(carrier_call_id=LEG)
    note_transfer(call_id=call.pk, news=WANTED)
    carrier.asked.clear()
    return call


def told_of_human(telnyx: Telnyx, call: Call, kind: str) -> None:
    telnyx.tell(kind, ours=f"{call.pk}:x1", call_control_id=HUMAN, direction="outgoing")
    work_off_all()


def leave(call: Call) -> None:
    finish_call(call.pk, end_reason="caller_hung_up", duration_ms=900, transcript=[], history=[], usage={})


@pytest.mark.parametrize("kind", ["call.initiated", "call.answered"])
def test_it_is_hung_up_when_the_caller_was_quicker(call, telnyx, carrier, kind):
    """The answer to our request to call them was still on its way: nobody knew this leg."""
    leave(call)
    told_of_human(telnyx, call, kind)
    assert [asked for asked, _ in carrier.asked] == [f"POST /calls/{HUMAN}/actions/hangup"]


def test_it_is_hung_up_when_the_transfer_was_given_up(call, telnyx, carrier):
    note_transfer(call_id=call.pk, news=TransferNews("x1", "failed", "cancelled"))
    told_of_human(telnyx, call, "call.initiated")
    assert carrier.commands() == ["hangup"]


def test_who_talks_with_the_caller_is_left_alone_however_often_it_is_told(call, telnyx, carrier):
    """Both speak on without us, and our part of the call is over."""
    told_of_human(telnyx, call, "call.initiated")
    note_transfer(call_id=call.pk, news=TransferNews("x1", "joined"))
    leave(call)
    for kind in ("call.answered", "call.initiated"):
        told_of_human(telnyx, call, kind)
    assert "hangup" not in carrier.commands()


def test_a_cold_one_is_left_to_telnyx(call, telnyx, carrier):
    note_transfer(call_id=call.pk, news=TransferNews("x1", "dialling", kind="cold"))
    leave(call)
    told_of_human(telnyx, call, "call.initiated")
    assert carrier.commands() == []

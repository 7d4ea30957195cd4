"""The human's leg of a warm transfer at Telnyx, when nobody waits for it any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from calls.models import Call, CarrierNotice
from calls.selectors import transfer_of
from calls.services.finish import finish_call
from calls.services.transfer import TransferNews, note_transfer
from calls.tests.telnyx_cast import LEG, Telnyx, make_telnyx_number
from calls.webhooks.notices import EARLY_TRIES, work_off

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
    told_of_human(telnyx, call, "call.answered")
    assert carrier.commands() == ["hangup"], "who answers all the same hears nobody"


# -- a human who is quicker than the row --------------------------------------------------------------


def answers_early(telnyx: Telnyx, call: Call, ref: str) -> CarrierNotice:
    """Nothing but the leg itself says yet why the human is called."""
    for kind in ("call.initiated", "call.answered"):
        telnyx.tell(kind, ours=f"{call.pk}:{ref}", call_control_id=HUMAN, direction="outgoing")
    work_off_all()
    rows = CarrierNotice.objects.unscoped("a test looks").filter(kind="call.answered")
    return rows.order_by("-pk").first()


def come_due(notice: CarrierNotice, **changes: int) -> None:
    rows = CarrierNotice.objects.unscoped("a test waits").filter(pk=notice.pk)
    rows.update(due_at=timezone.now(), **changes)
    work_off_all()


def test_a_human_who_answers_before_the_row_is_there_hears_the_summary_all_the_same(call, telnyx, carrier):
    notice = answers_early(telnyx, call, "x2:warm")
    assert (notice.state, carrier.commands()) == ("due", [])
    note_transfer(call_id=call.pk, news=replace(WANTED, ref="x2"))
    come_due(notice)
    assert carrier.commands() == ["transcription_start", "gather_using_speak"]
    assert carrier.asked[-1][1]["payload"].startswith("Ada.")


def test_a_row_that_is_never_written_makes_no_warm_transfer_a_cold_one(call, telnyx, carrier):
    notice = answers_early(telnyx, call, "x2:warm")
    come_due(notice, tries=EARLY_TRIES)
    assert carrier.asked[-1][1]["payload"].startswith("A caller is waiting")
    row = transfer_of(call, "x2")
    assert row is not None and (row.state, row.kind, row.joined_at) == ("briefing", "warm", None)


@pytest.mark.parametrize("ref", ["x2:cold", "x2"])
def test_a_cold_one_is_joined_whatever_is_written_down(call, telnyx, carrier, ref):
    answers_early(telnyx, call, ref)
    row = transfer_of(call, "x2")
    assert row is not None and row.state == "joined"
    assert carrier.commands() == []


@pytest.mark.parametrize(
    "told", [["call.answered", "call.hangup"], ["call.hangup", "call.answered"], ["call.hangup"]]
)
def test_who_talked_with_the_human_was_put_through_in_whatever_order_it_is_told(call, telnyx, carrier, told):
    more = {"hangup_cause": "normal_clearing", "sip_hangup_cause": "200"}
    note_transfer(call_id=call.pk, news=replace(WANTED, ref="x2", kind="cold"))
    for kind in told:
        telnyx.tell(kind, ours=f"{call.pk}:x2:cold", call_control_id=HUMAN, direction="outgoing", **more)
        work_off_all()
    row = transfer_of(call, "x2")
    assert row is not None and (row.state, row.reason) == ("completed", "")


@pytest.mark.parametrize(
    ("cause", "reason"), [("user_busy", "busy"), ("timeout", "no_answer"), ("originator_cancel", "cancelled")]
)
def test_a_human_who_was_not_reached_has_a_reason(call, telnyx, carrier, cause, reason):
    note_transfer(call_id=call.pk, news=replace(WANTED, ref="x2", kind="cold"))
    telnyx.tell("call.hangup", ours=f"{call.pk}:x2:cold", call_control_id=HUMAN, hangup_cause=cause)
    work_off_all()
    row = transfer_of(call, "x2")
    assert row is not None and (row.state, row.reason) == ("failed", reason)

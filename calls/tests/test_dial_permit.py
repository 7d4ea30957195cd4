"""The permit to dial: once per pair, as fast as the account may, and never twice when an answer is lost."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone

from calls.models import Call, Dial, DialAttempt
from calls.services.control import hang_up_call
from calls.services.dial import dial_call
from calls.services.place import place_call
from calls.tasks import look_up_lost_dials
from calls.tests.cast import CALLER
from phone_numbers.models import CarrierAccount
from recipients.models import Recipient

OTHER = "+15550001112"


def place(cast, to: str = CALLER) -> Call:
    return place_call(organisation=cast.organisation, to=to)


def attempt_of(call: Call) -> DialAttempt:
    return DialAttempt.objects.of(call.organisation_id).get(call=call)


def now_due(call: Call) -> None:
    CarrierAccount.objects.of(call.organisation_id).update(next_dial_at=None)
    Dial.objects.of(call.organisation_id).filter(pk=call.pk).update(due_at=timezone.now(), slot_at=None)


def waits(call: Call) -> str:
    job = Dial.objects.of(call.organisation_id).get(pk=call.pk)
    return job.last_error if job.state == "due" else ""


def dials(carrier) -> int:
    return [asked for asked, _ in carrier.asked].count("POST /Calls.json")


def test_one_attempt_is_open_until_the_call_ends(cast, number, carrier):
    first = place(cast)
    dial_call(first.pk)
    assert (attempt_of(first).progress, attempt_of(first).carrier_call_id) == ("sent", "CA100")
    assert Recipient.objects.of(cast.organisation).get().e164 == CALLER
    second = place(cast)
    now_due(second)
    dial_call(second.pk)
    assert (dials(carrier), waits(second)) == (1, "same_callee")
    carrier.answer("POST", "/Calls/CA100.json", 200, {"sid": "CA100"})
    hang_up_call(call=first)
    assert attempt_of(first).progress == "terminal"
    carrier.answer("POST", "/Calls.json", 201, {"sid": "CA101"})
    now_due(second)
    dial_call(second.pk)
    assert (dials(carrier), attempt_of(second).carrier_call_id) == (2, "CA101")


def test_an_account_dials_no_faster_than_it_may(cast, number, carrier):
    calls = [place(cast), place(cast, OTHER)]
    for call in calls:
        dial_call(call.pk)
    assert (dials(carrier), waits(calls[1])) == (1, "paced")
    job = Dial.objects.of(cast.organisation).get(pk=calls[1].pk)
    assert timedelta(0) < job.slot_at - timezone.now() <= timedelta(seconds=1)
    Dial.objects.of(cast.organisation).filter(pk=job.pk).update(due_at=timezone.now(), slot_at=timezone.now())
    carrier.answer("POST", "/Calls.json", 201, {"sid": "CA101"})
    dial_call(calls[1].pk)
    assert dials(carrier) == 2


def test_no_more_calls_at_once_than_the_account_may_have(cast, number, carrier):
    CarrierAccount.objects.of(cast.organisation).update(most_calls=1, calls_per_second=100)
    calls = [place(cast), place(cast, OTHER)]
    for call in calls:
        dial_call(call.pk)
    assert (dials(carrier), waits(calls[1])) == (1, "crowded")


def test_waiting_for_a_slot_is_no_failed_try(cast, number, carrier):
    CarrierAccount.objects.of(cast.organisation).update(most_calls=0)
    call = place(cast)
    for _ in range(10):
        now_due(call)
        dial_call(call.pk)
    CarrierAccount.objects.of(cast.organisation).update(most_calls=None)
    now_due(call)
    carrier.answer("POST", "/Calls.json", 400, {"code": 10004, "message": "limit"})
    dial_call(call.pk)
    call.refresh_from_db()
    assert call.status == "dialling"


@pytest.fixture
def lost(cast, number, carrier):
    """A call whose request was perhaps carried out: the answer broke off."""
    carrier.answer("POST", "/Calls.json", 503, {"code": 503, "message": "broke off"})
    call = place(cast)
    dial_call(call.pk)
    assert attempt_of(call).progress == "unknown"
    return call


def look(call: Call) -> Call:
    DialAttempt.objects.of(call.organisation_id).update(due_at=timezone.now())
    look_up_lost_dials()
    call.refresh_from_db()
    return call


def listed(*sids: str, created=None) -> dict:
    at = format_datetime(created or timezone.now())
    return {"calls": [{"sid": sid, "date_created": at} for sid in sids]}


def test_a_lost_answer_is_looked_up_and_found(lost, carrier):
    carrier.answer("GET", "/Calls.json", 200, listed("CA7"))
    assert look(lost).carrier_call_id == "CA7"
    assert (attempt_of(lost).progress, dials(carrier)) == ("sent", 1)


def test_what_is_not_there_by_the_third_look_is_unknown_and_never_dialled_again(lost, carrier):
    carrier.answer("GET", "/Calls.json", 200, listed("CA6", created=timezone.now() - timedelta(hours=1)))
    first = attempt_of(lost).due_at
    assert timedelta(seconds=4) < first - timezone.now() <= timedelta(seconds=5)
    for _ in range(3):
        assert lost.status == "dialling" or lost.status == "queued"
        look(lost)
    assert (lost.status, lost.outcome, lost.error_code) == ("failed", "unknown", "unknown")
    now_due(lost)
    dial_call(lost.pk)
    assert dials(carrier) == 1


def test_two_calls_that_could_be_it_are_not_guessed_between(lost, carrier):
    carrier.answer("GET", "/Calls.json", 200, listed("CA7", "CA8"))
    assert look(lost).carrier_call_id == ""


def test_a_callback_proves_the_call_before_anybody_looks(lost, carrier, twilio):
    twilio.post("status", {"call": lost.pk}, CallSid="CA9", CallStatus="ringing", SequenceNumber="1")
    look(lost)
    assert (lost.carrier_call_id, attempt_of(lost).progress) == ("CA9", "sent")
    assert not [asked for asked, _ in carrier.asked if asked == "GET /Calls.json"]


def test_whoever_hangs_up_meanwhile_is_not_rung_for(lost, carrier, twilio, tasks_at_once):
    """The carrier's name for the call is learned by its first word, and then it is hung up."""
    hang_up_call(call=lost)
    carrier.answer("POST", "/Calls/CA9.json", 200, {"sid": "CA9", "status": "completed"})
    with tasks_at_once():
        for _ in range(2):
            twilio.post("status", {"call": lost.pk}, CallSid="CA9", CallStatus="ringing", SequenceNumber="1")
    hang_ups = [body for asked, body in carrier.asked if asked == "POST /Calls/CA9.json"]
    assert hang_ups == [{"Status": ["completed"]}]
    lost.refresh_from_db()
    assert (lost.status, lost.end_reason) == ("cancelled", "cancelled")


def test_a_late_word_on_a_call_that_ended_hangs_up_nothing(lost, carrier, twilio, tasks_at_once):
    with tasks_at_once():
        for word, number in (("no-answer", "2"), ("ringing", "1"), ("initiated", "0")):
            twilio.post("status", {"call": lost.pk}, CallSid="CA9", CallStatus=word, SequenceNumber=number)
    assert [asked for asked, _ in carrier.asked] == ["POST /Calls.json"]


def test_a_carrier_that_cannot_be_asked_is_asked_again(lost, carrier):
    carrier.answer("GET", "/Calls.json", 500, {"code": 500, "message": "broken"})
    look(lost)
    carrier.answer("GET", "/Calls.json", 200, listed("CA7"))
    assert look(lost).carrier_call_id == "CA7"


def test_a_process_that_died_after_the_permit_is_looked_up_too(cast, number, carrier):
    call = place(cast)
    dial_call(call.pk)
    DialAttempt.objects.of(cast.organisation).update(progress="permitted", carrier_call_id="")
    Call.objects.of(cast.organisation).update(carrier_call_id="")
    Dial.objects.of(cast.organisation).update(state="due", due_at=timezone.now())
    dial_call(call.pk)
    assert (attempt_of(call).progress, dials(carrier)) == ("unknown", 1)
    carrier.answer("GET", "/Calls.json", 200, listed("CA100"))
    assert look(call).carrier_call_id == "CA100"

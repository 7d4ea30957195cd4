from datetime import timedelta

import pytest
from django.utils import timezone

from agents.services import change_draft, publish_agent
from calls.models import Call, CallEvent, Dial
from calls.services.control import hang_up_call
from calls.services.dial import dial_call
from calls.services.place import PlaceOptions, place_call
from calls.tasks import dial_due
from calls.tests.cast import CALLER, NUMBER
from patter_site.events.models import Event
from phone_numbers.models import CarrierAccount


def place(cast, **fields) -> Call:
    return place_call(organisation=cast.organisation, to=CALLER, **fields)


def again(call: Call) -> Call:
    call.refresh_from_db()
    return call


def job(call: Call) -> Dial:
    return Dial.objects.of(call.organisation_id).get(pk=call.pk)


def its_slot_has_come(call: Call) -> None:
    CarrierAccount.objects.of(call.organisation_id).update(next_dial_at=None)
    Dial.objects.of(call.organisation_id).update(due_at=timezone.now(), slot_at=None)


def test_one_request_with_our_id_in_every_address(cast, number, carrier):
    call = place(cast, options=PlaceOptions(ring_s=25, max_duration_s=120))
    dial_call(call.pk)
    ((asked, form),) = carrier.asked
    assert asked == "POST /Calls.json"
    base = f"https://patter.test/webhooks/twilio/{number.carrier_account.pk}"
    assert form["To"] == [CALLER] and form["From"] == [NUMBER]
    assert form["Url"] == [f"{base}/voice?call={call.pk}"]
    assert form["StatusCallback"] == [f"{base}/status?call={call.pk}"]
    assert form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    assert (form["Timeout"], form["TimeLimit"]) == (["25"], ["180"])
    assert "MachineDetection" not in form
    call = again(call)
    assert (call.status, call.carrier_call_id, job(call).state) == ("dialling", "CA100", "done")


def test_it_is_dialled_once_however_often_it_is_asked(cast, number, carrier):
    call = place(cast)
    for _ in range(3):
        dial_call(call.pk)
    assert len(carrier.asked) == 1


def test_the_agent_says_how_long_it_rings(cast, number, carrier):
    change_draft(agent=number.agent, changes={"turn_taking": {"ring_s": 17}})
    publish_agent(agent=number.agent)
    dial_call(place(cast).pk)
    assert carrier.asked[0][1]["Timeout"] == ["17"]


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        (PlaceOptions(machine_detection=True), "Enable"),
        (PlaceOptions(on_machine="hang_up"), "Enable"),
        (PlaceOptions(voicemail_message="Call us"), "DetectMessageEnd"),
    ],
)
def test_machines_are_looked_for_beside_the_conversation(cast, number, carrier, options, mode):
    call = place(cast, options=options)
    dial_call(call.pk)
    form = carrier.asked[0][1]
    assert (form["MachineDetection"], form["AsyncAmd"]) == ([mode], ["true"])
    assert form["AsyncAmdStatusCallback"][0].endswith(f"/amd?call={call.pk}")


@pytest.mark.parametrize(
    ("code", "status", "outcome", "blocked_by"),
    [
        (21211, 400, "invalid_number", ""),
        (21217, 400, "invalid_number", ""),
        (21215, 400, "blocked", "country"),
        (21210, 400, "blocked", "caller_id"),
        (20003, 401, "failed", ""),
    ],
)
def test_what_the_carrier_refuses_is_said_in_its_words(
    cast, number, carrier, code, status, outcome, blocked_by
):
    carrier.answer("POST", "/Calls.json", status, {"code": code, "message": "No, thanks"})
    call = place(cast)
    dial_call(call.pk)
    call = again(call)
    assert (call.status, call.outcome, call.blocked_by) == ("failed", outcome, blocked_by)
    assert (call.error_code, call.error_message) == (f"twilio_{code}", "twilio: No, thanks")
    assert job(call).state == "failed"
    assert Event.objects.of(cast.organisation).filter(type="call.failed").count() == 1


def test_refused_for_now_is_dialled_again_later(cast, number, carrier):
    carrier.answer("POST", "/Calls.json", 400, {"code": 10004, "message": "limit"})
    call = place(cast)
    dial_call(call.pk)
    assert (again(call).status, job(call).state, job(call).sent_at) == ("dialling", "due", None)
    carrier.answer("POST", "/Calls.json", 201, {"sid": "CA100"})
    its_slot_has_come(call)
    dial_call(call.pk)
    assert again(call).carrier_call_id == "CA100"


@pytest.mark.parametrize("status", [500, 503])
def test_a_request_that_was_lost_half_way_is_never_repeated(cast, number, carrier, status):
    carrier.answer("POST", "/Calls.json", status, {})
    call = place(cast)
    for _ in range(2):
        dial_call(call.pk)
    assert len(carrier.asked) == 1
    assert CallEvent.objects.of(cast.organisation).filter(kind="dial.unknown").exists()
    assert again(call).status == "dialling" and job(call).state == "done"


def test_a_crash_after_the_mark_is_never_repeated(cast, number, carrier):
    call, before = place(cast), timezone.now() - timedelta(minutes=5)
    Dial.objects.of(cast.organisation).update(state="running", sent_at=before, lease_until=before)
    dial_call(call.pk)
    assert carrier.asked == [] and job(call).state == "done"


def test_an_unreachable_carrier_was_not_asked(cast, number, settings):
    settings.PATTER_TWILIO_BASE_URL = "http://127.0.0.1:9"
    call = place(cast)
    dial_call(call.pk)
    assert job(call).state == "due"


def test_the_callback_may_be_faster_than_the_answer(cast, number, carrier, twilio):
    call = place(cast)
    twilio.post("status", {"call": call.pk}, CallSid="CA100", CallStatus="ringing", SequenceNumber="1")
    dial_call(call.pk)
    call = again(call)
    assert (call.status, call.carrier_call_id) == ("ringing", "CA100")


def test_the_callee_is_connected(cast, number, carrier, twilio):
    call = place(cast)
    dial_call(call.pk)
    answer = twilio.voice(
        "CA100", query={"call": call.pk}, CallStatus="in-progress", Direction="outbound-api"
    )
    assert f"/media/twilio/{call.pk}" in answer.content.decode()
    assert again(call).status == "in_progress"
    assert b"<Hangup/>" in twilio.voice("CA666", query={"call": call.pk}).content


def test_a_call_that_was_cancelled_before_is_not_dialled(cast, number, carrier):
    call = place(cast)
    assert hang_up_call(call=call).status == "cancelled"
    dial_call(call.pk)
    assert carrier.asked == []


def test_a_scheduled_call_waits_for_its_hour(cast, number, carrier):
    call = place(cast, options=PlaceOptions(scheduled_at=timezone.now() + timedelta(hours=1)))
    assert call.status == "scheduled" and dial_due() == 0
    dial_call(call.pk)
    assert carrier.asked == []
    Dial.objects.of(cast.organisation).update(due_at=timezone.now())
    assert dial_due() == 1
    dial_call(call.pk)
    assert again(call).status == "dialling"


def test_an_agent_that_lost_its_voice_ends_the_call(cast, number, carrier):
    call = place(cast)
    version = number.agent.versions.get()
    version.config["tts"] = None
    version.save()
    dial_call(call.pk)
    assert (again(call).status, call.error_code) == ("failed", "agent_has_no_voice") and carrier.asked == []

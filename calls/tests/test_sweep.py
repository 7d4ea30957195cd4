from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import UsageRecord
from calls.models import Call, Dial, Recording
from calls.services.advance import Facts, Happening
from calls.services.carrier_word import take_carrier_word
from calls.services.finish import finish_call
from calls.services.lease import release_lease, renew_leases
from calls.services.progress import Step
from calls.services.sweep import sweep_calls
from calls.tasks import end_lost_calls, hang_up_lost_call
from calls.tests.cast import make_call
from patter_site.events.models import Event

NOW = timezone.now


def ago(seconds: float):
    return NOW() - timedelta(seconds=seconds)


def swept(call: Call) -> Call:
    end_lost_calls()
    call.refresh_from_db()
    return call


def types_of(cast) -> list[str]:
    return sorted(Event.objects.of(cast.organisation).values_list("type", flat=True))


def test_a_call_whose_process_died_ends_as_worker_lost(cast):
    call = swept(
        make_call(
            cast.organisation, status="in_progress", answered_at=ago(90), stream_used=1, lease_until=ago(1)
        )
    )
    assert (call.status, call.end_reason, call.error_code) == ("failed", "worker_lost", "worker_lost")
    assert call.duration_s in (90, 91) and types_of(cast) == ["call.ended"]


def test_a_lost_call_is_measured_its_recording_joined_and_its_line_hung_up(cast, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(
        "calls.services.left_open.end_at_carrier", lambda call: asked.append(call.carrier_call_id)
    )
    monkeypatch.setattr("calls.tasks.wake", lambda task, *args: task(*args))
    fields = {"carrier": "twilio", "carrier_call_id": "CA1", "answered_at": ago(90), "stream_used": 1}
    call = make_call(cast.organisation, status="in_progress", lease_until=ago(1), **fields)
    Recording.objects.create(organisation=cast.organisation, call=call, segments=2)
    swept(call)
    usage = UsageRecord.objects.of(cast.organisation).get()
    assert (usage.meter, usage.estimated) == ("media_ms", True) and 90_000 <= usage.quantity < 92_000
    recording = Recording.objects.of(cast.organisation).get()
    assert (recording.status, recording.state) == ("processing", "due")
    assert asked == ["CA1"]
    hang_up_lost_call("call_unknown")


def test_a_lost_call_that_the_carrier_ended_first_is_lost_all_the_same(cast, monkeypatch):
    monkeypatch.setattr("calls.tasks.wake", lambda *args: pytest.fail("this line is down already"))
    times = {"answered_at": ago(90), "ended_at": ago(60), "lease_until": ago(1)}
    call = swept(make_call(cast.organisation, status="completed", stream_used=1, duration_s=30, **times))
    assert (call.status, call.end_reason, call.duration_s) == ("failed", "worker_lost", 30)
    assert types_of(cast) == ["call.ended"]


def test_an_answered_call_without_media_ends_as_a_carrier_error(cast):
    call = swept(make_call(cast.organisation, status="in_progress", answered_at=ago(61)))
    assert (call.status, call.end_reason) == ("failed", "carrier_error")


def test_an_inbound_call_that_never_got_its_socket_fails(cast):
    call = swept(make_call(cast.organisation, ringing_at=ago(61), started_at=ago(61)))
    assert (call.status, call.end_reason) == ("failed", "carrier_error")
    assert types_of(cast) == ["call.failed"]


def test_a_dial_that_nobody_answered_is_unknown(cast):
    call = make_call(cast.organisation, direction="outbound", status="dialling", started_at=ago(301))
    Dial.objects.create(
        organisation=cast.organisation, call=call, callback_base="x", sent_at=ago(301), state="done"
    )
    call = swept(call)
    assert (call.status, call.outcome, call.end_reason) == ("failed", "unknown", "unknown")


def test_an_end_that_nobody_finished_is_announced(cast):
    call = make_call(
        cast.organisation,
        status="completed",
        answered_at=ago(9),
        ended_at=ago(5),
        duration_s=4,
        lease_until=ago(1),
    )
    assert swept(call).end_reason == "caller_hung_up"
    sweep_calls()
    assert types_of(cast) == ["call.ended"]


def well() -> list[dict]:
    """Calls that only look as if nobody cared."""
    soon = NOW() + timedelta(seconds=60)
    return [
        {"status": "in_progress", "answered_at": ago(900), "stream_used": 1, "lease_until": soon},
        {"status": "in_progress", "answered_at": ago(30)},
        {"status": "ringing", "direction": "outbound", "ringing_at": ago(600), "started_at": ago(600)},
        {"status": "dialling", "direction": "outbound", "started_at": ago(900), "carrier_call_id": "CA1"},
        {"status": "queued", "direction": "outbound"},
        {"status": "completed", "announced_at": NOW()},
    ]


@pytest.mark.parametrize("index", range(6))
def test_what_is_well_is_left_alone(cast, index):
    call = make_call(cast.organisation, **well()[index])
    before = call.status
    assert swept(call).status == before


def test_a_call_that_was_transferred_away_is_not_leased_once_more(cast):
    """The process that carried it still tidies up after it, and renews the leases of all it knows."""
    lease = {"lease_owner": "me", "stream_used": 1, "lease_until": NOW() + timedelta(seconds=30)}
    call = make_call(cast.organisation, status="in_progress", answered_at=ago(20), **lease)
    told = {"duration_ms": 9000, "transcript": [], "history": [], "usage": {}}
    finish_call(call.pk, end_reason="transferred", **told)
    assert renew_leases(call_ids=[call.pk], owner="me") == set()
    hangup = Happening("carrier.status", {"status": "hangup"})
    take_carrier_word(call_id=call.pk, step=Step.COMPLETED, happening=hangup, facts=Facts())
    call.refresh_from_db()
    assert (call.status, call.end_reason) == ("completed", "transferred")
    assert call.announced_at is not None and "call.ended" in types_of(cast)


def test_a_lease_is_renewed_by_its_owner_only(cast):
    calls = [
        make_call(
            cast.organisation, status="in_progress", lease_owner=owner, stream_used=1, lease_until=ago(1)
        )
        for owner in ("me", "you")
    ]
    kept = renew_leases(call_ids=[call.pk for call in calls], owner="me")
    assert kept == {calls[0].pk}
    calls[0].refresh_from_db()
    assert calls[0].has_media
    release_lease(call_id=calls[0].pk)
    calls[0].refresh_from_db()
    assert not calls[0].has_media

import itertools

import pytest

from calls.models import Call, CallEvent
from calls.services.tokens import consume_stream_token, issue_stream_token
from calls.tests.cast import make_call
from patter_site.events.models import Event

HAPPY = [("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")]


@pytest.fixture
def call(cast, number) -> Call:
    return make_call(
        cast.organisation,
        direction="outbound",
        status="queued",
        number=number,
        agent=number.agent,
        carrier_account=number.carrier_account,
        carrier="twilio",
        carrier_call_id="CA9",
    )


def events_of(call: Call) -> list[str]:
    rows = Event.objects.of(call.organisation_id).filter(subject_id=call.pk)
    return sorted(rows.values_list("type", flat=True))


@pytest.mark.parametrize(
    "order", list(itertools.permutations(HAPPY)), ids=lambda order: "-".join(n for _, n in order)
)
def test_any_order_ends_in_the_same_place(call, twilio, order):
    for status, sequence in order:
        extra = {"CallDuration": "42"} if status == "completed" else {}
        assert twilio.status("CA9", status, sequence, **extra).status_code == 204
    call.refresh_from_db()
    assert (call.status, call.outcome, call.end_reason) == ("completed", "human", "caller_hung_up")
    assert call.answered_at and call.ended_at and call.announced_at
    assert {"call.started", "call.answered", "call.ended"} <= set(events_of(call))
    assert "call.failed" not in events_of(call)
    assert len(events_of(call)) == len(set(events_of(call)))


@pytest.mark.parametrize(
    ("word", "sip", "status", "outcome"),
    [
        ("busy", "486", "failed", "busy"),
        ("busy", "603", "failed", "declined"),
        ("no-answer", "487", "failed", "no_answer"),
        ("failed", "404", "failed", "invalid_number"),
        ("failed", "503", "failed", "failed"),
        ("canceled", "487", "cancelled", "cancelled"),
    ],
)
def test_a_call_that_nobody_takes(call, twilio, word, sip, status, outcome):
    twilio.status("CA9", "ringing", "1")
    twilio.status("CA9", word, "2", SipResponseCode=sip)
    twilio.status("CA9", "in-progress", "3")
    call.refresh_from_db()
    assert (call.status, call.outcome, call.answered_at) == (status, outcome, None)
    assert events_of(call) == ["call.failed", "call.ringing", "call.started"]


def test_a_repeated_webhook_is_one_line_and_one_event(call, twilio):
    for _ in range(3):
        twilio.status("CA9", "completed", "3", CallDuration="7")
    rows = CallEvent.objects.of(call.organisation_id).filter(call=call, kind="carrier.status")
    assert rows.count() == 1
    assert events_of(call).count("call.ended") == 1


def test_the_duration_is_the_carriers(call, twilio):
    twilio.status("CA9", "completed", "3", CallDuration="42")
    call.refresh_from_db()
    assert call.duration_s == 42
    assert (call.ended_at - call.answered_at).total_seconds() == 42
    ended = Event.objects.of(call.organisation_id).get(type="call.ended")
    assert (ended.data["duration"], ended.data["duration_seconds"]) == (42, 42)
    assert ended.data["history"] == []


def test_a_late_stamp_counts_more_than_the_arrival(call, twilio):
    twilio.status("CA9", "ringing", "1", Timestamp="Mon, 01 Jan 2024 10:00:00 +0000")
    call.refresh_from_db()
    assert call.ringing_at.year == 2024


@pytest.mark.parametrize("stamp", ["", "yesterday", "Mon, 01 Jan 2999 10:00:00 +0000"])
def test_a_stamp_that_cannot_be_is_ignored(call, twilio, stamp):
    assert twilio.status("CA9", "ringing", "1", Timestamp=stamp).status_code == 204
    call.refresh_from_db()
    assert call.ringing_at is not None


@pytest.mark.parametrize("word", ["queued", "", "levitating"])
def test_words_that_say_nothing_are_harmless(call, twilio, word):
    assert twilio.status("CA9", word).status_code == 204
    call.refresh_from_db()
    assert call.status == "queued"


def test_a_call_that_nobody_knows_is_harmless(twilio):
    assert twilio.status("CA404", "completed").status_code == 204


def test_while_media_is_open_the_end_waits_for_what_was_said(call, twilio, sent):
    token = issue_stream_token(call)
    assert token and consume_stream_token(call.pk, 1, owner="me")
    twilio.status("CA9", "in-progress", "2")
    twilio.status("CA9", "completed", "3", CallDuration="9")
    call.refresh_from_db()
    assert call.status == "completed" and call.announced_at is None
    assert "call.ended" not in events_of(call)
    assert (f"call.{call.pk}", {"type": "call.carrier_ended", "cause": "caller_hung_up"}) in sent

import pytest

from billing.models import UsageRecord
from calls.models import Call, Turn
from calls.selectors import transcript_of
from calls.services.finish import finish_call
from calls.services.tokens import consume_stream_token
from calls.tests.cast import make_call
from patter_site.events.models import Event

TRANSCRIPT = [
    {
        "turn_id": "t0",
        "role": "assistant",
        "text": "Hi there",
        "started_ms": 0,
        "ended_ms": 900,
        "interrupted": False,
    },
    {
        "turn_id": "t1",
        "role": "user",
        "text": "Bye",
        "started_ms": 1000,
        "ended_ms": 1500,
        "interrupted": False,
    },
]
HISTORY = [{"role": "assistant", "text": "Hi there"}, {"role": "user", "text": "Bye"}]


def end(call: Call, reason: str = "agent_ended", **fields) -> Call:
    given = {
        "duration_ms": 4200,
        "transcript": TRANSCRIPT,
        "history": HISTORY,
        "usage": {"tts_characters": 8},
    }
    return finish_call(call.pk, end_reason=reason, **{**given, **fields})


@pytest.fixture
def call(cast, number, twilio) -> Call:
    """An inbound call whose media is open."""
    twilio.voice()
    call = Call.objects.of(cast.organisation).get()
    consume_stream_token(call.pk, call.stream_issued, owner="me")
    twilio.post("stream-status", {"call": call.pk}, StreamSid="MZ1", StreamEvent="stream-started")
    return Call.objects.of(cast.organisation).get()


def ended_events(call):
    rows = Event.objects.of(call.organisation_id).filter(type__in=["call.ended", "call.failed"])
    return list(rows)


def test_the_end_has_its_reason_its_words_and_one_event(call):
    call = end(call)
    assert (call.status, call.end_reason, call.outcome, call.duration_s) == (
        "completed",
        "agent_ended",
        "human",
        4,
    )
    assert [turn["text"] for turn in transcript_of(call)] == ["Hi there", "Bye"]
    (event,) = ended_events(call)
    assert event.type == "call.ended" and event.data["history"] == HISTORY
    assert event.data["end_reason"] == "agent_ended"
    assert call.lease_until is None


def test_ending_twice_changes_nothing(call):
    end(call)
    end(call, "caller_hung_up", duration_ms=99000)
    call.refresh_from_db()
    assert (call.end_reason, call.duration_s) == ("agent_ended", 4)
    assert len(ended_events(call)) == 1
    assert Turn.objects.of(call.organisation_id).count() == 2


def test_turns_that_are_there_already_are_not_doubled(call):
    first = {key: value for key, value in TRANSCRIPT[0].items()}
    Turn.objects.create(organisation=call.organisation, call=call, index=0, **first)
    end(call)
    indexes = list(Turn.objects.of(call.organisation_id).order_by("index").values_list("index", "turn_id"))
    assert indexes == [(0, "t0"), (1, "t1")]


@pytest.mark.parametrize("carrier_first", [True, False])
def test_carrier_and_media_may_come_in_either_order(call, twilio, sent, carrier_first):
    if carrier_first:
        twilio.status("CA1", "completed", "3", CallDuration="5")
        assert ended_events(call) == []
    end(call)
    if not carrier_first:
        twilio.status("CA1", "completed", "3", CallDuration="5")
    call.refresh_from_db()
    assert (call.status, call.end_reason) == ("completed", "agent_ended")
    (event,) = ended_events(call)
    assert event.data["history"] == HISTORY


@pytest.mark.parametrize("reason", ["provider_error", "carrier_error", "handler_lost"])
@pytest.mark.parametrize("carrier_first", [True, False])
def test_what_broke_is_a_failed_status_and_still_an_ended_call(call, twilio, sent, reason, carrier_first):
    if carrier_first:
        twilio.status("CA1", "completed", "3")
    call = end(call, reason)
    assert (call.status, call.end_reason, call.error_code) == ("failed", reason, reason)
    assert [event.type for event in ended_events(call)] == ["call.ended"]


def test_machines_have_their_outcomes(call):
    assert end(call, "voicemail").outcome == "voicemail_left"


def test_every_meter_is_one_row_however_often_it_is_told(call):
    end(call)
    end(call)
    rows = UsageRecord.objects.of(call.organisation_id).values_list("meter", "quantity", "unit")
    assert sorted(rows) == [("media_ms", 4200, "ms"), ("tts_characters", 8, "characters")]


def test_a_call_whose_answer_was_never_reported_was_answered(cast):
    call = end(make_call(cast.organisation, status="ringing"))
    assert call.answered_at and round((call.ended_at - call.answered_at).total_seconds()) == 4
    types = set(Event.objects.of(cast.organisation).values_list("type", flat=True))
    assert {"call.answered", "call.ended"} <= types

from calls.models import Call, CallEvent
from calls.services.finish import finish_call
from calls.services.tokens import consume_stream_token
from calls.tests.test_voice_webhook import stream_of, the_call, token_of
from patter_site.events.models import Event


def resume(twilio, call, sid="CA1", stream="1"):
    return twilio.post("resume", {"call": call.pk, "stream": stream}, CallSid=sid)


def test_a_call_that_goes_on_gets_a_fresh_stream(cast, twilio):
    first = token_of(twilio.voice())
    again = resume(twilio, the_call(cast))
    assert stream_of(again) is not None and token_of(again) != first


def test_a_stream_that_was_lost_is_followed_by_another_while_the_call_is_carried(cast, twilio):
    twilio.voice()
    call = the_call(cast)
    assert consume_stream_token(call.pk, 1, owner="me")
    assert stream_of(resume(twilio, call)) is not None


def test_an_old_request_for_a_stream_opens_nothing_while_a_newer_one_is_open(cast, twilio):
    twilio.voice()
    call = the_call(cast)
    consume_stream_token(call.pk, 1, owner="me")
    resume(twilio, call)
    assert consume_stream_token(call.pk, 2, owner="me")
    for stream in ("1", "", "x", "-1"):
        assert b"<Hangup/>" in resume(twilio, call, stream=stream).content


def test_an_ended_call_is_hung_up(cast, twilio):
    twilio.voice()
    call = the_call(cast)
    finish_call(call.pk, end_reason="agent_ended", duration_ms=900, transcript=[], history=[], usage={})
    assert b"<Hangup/>" in resume(twilio, call).content


def test_a_call_that_nobody_knows_is_hung_up(twilio, cast):
    twilio.voice()
    assert b"<Hangup/>" in twilio.post("resume", {"call": "call_x"}, CallSid="CA1").content


def test_a_stream_that_started_proves_the_answer(cast, twilio):
    twilio.voice()
    call = the_call(cast)
    for _ in range(2):
        twilio.post(
            "stream-status", {"call": call.pk}, CallSid="CA1", StreamSid="MZ1", StreamEvent="stream-started"
        )
    call.refresh_from_db()
    assert call.status == "in_progress" and call.answered_at
    assert Event.objects.of(cast.organisation).filter(type="call.answered").count() == 1


def test_a_stream_error_is_written_down(cast, twilio):
    twilio.voice()
    call = the_call(cast)
    twilio.post(
        "stream-status", {"call": call.pk}, StreamSid="MZ1", StreamEvent="stream-error", StreamError="31920"
    )
    event = CallEvent.objects.of(cast.organisation).get(kind="carrier.stream-error")
    assert event.data == {"stream_id": "MZ1", "error": "31920"}
    assert Call.objects.of(cast.organisation).get().status == "ringing"


def test_a_machine_is_noted_and_told_to_the_call(cast, twilio, sent, django_capture_on_commit_callbacks):
    twilio.voice()
    call = the_call(cast)
    consume_stream_token(call.pk, call.stream_issued, owner="me")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            twilio.post("amd", {"call": call.pk}, CallSid="CA1", AnsweredBy="machine_end_beep")
    call.refresh_from_db()
    assert call.outcome == "machine"
    told = {"type": "call.machine_detected", "result": "machine", "detail": "machine_end_beep", "beep": True}
    assert [message for group, message in sent if group == f"call.{call.pk}"] == [told]
    assert Event.objects.of(cast.organisation).filter(type="call.machine_detected").count() == 1

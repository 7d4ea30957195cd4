"""Telnyx's door: what is forged, old, repeated, unordered or garbled, and what Telnyx is asked then."""

import json
import time

import pytest
from django.utils import timezone

from calls.models import Call, CallEvent, CarrierNotice
from calls.services.control import group_of
from calls.services.place import place_call
from calls.services.tokens import consume_stream_token, read_stream_token
from calls.tests.cast import CALLER, make_number
from calls.tests.telnyx_cast import CONNECTION, KEY, LEG, Telnyx, make_telnyx_account, make_telnyx_number
from calls.webhooks.notices import forget_old_notices, work_off
from patter.simulators.telnyx.world import SigningKey
from patter_site.events.models import Event
from patter_site.testing import error_of
from phone_numbers.models import CarrierAccount


@pytest.fixture
def number(cast):
    return make_telnyx_number(cast.organisation)


@pytest.fixture
def telnyx(number) -> Telnyx:
    return Telnyx(number.carrier_account)


@pytest.fixture
def carrier(telnyx_api):
    return telnyx_api


def work_off_all() -> None:
    rows = CarrierNotice.objects.unscoped("a test works everything off")
    for pk in rows.filter(state="due").order_by("pk").values_list("pk", flat=True):
        work_off(pk)


def notices() -> int:
    return CarrierNotice.objects.unscoped("a test counts").count()


def the_call(cast) -> Call:
    return Call.objects.of(cast.organisation).get()


# -- the lock ---------------------------------------------------------------------------------------


def test_a_genuine_event_is_taken_and_worked_off_later(cast, telnyx, carrier):
    assert telnyx.initiated().status_code == 200
    assert carrier.asked == [] and not Call.objects.of(cast.organisation).exists()
    work_off_all()
    call = the_call(cast)
    assert (call.status, call.carrier, call.carrier_call_id) == ("ringing", "telnyx", LEG)
    ((path, body),) = carrier.asked
    assert path == f"POST /calls/{LEG}/actions/answer"
    assert body["command_id"] == f"{call.pk}:answer" and body["send_silence_when_idle"] is True


def test_an_event_signed_with_another_key_is_refused(number, carrier):
    refused = Telnyx(number.carrier_account, key=SigningKey()).initiated()
    assert refused.status_code == 403 and error_of(refused)["code"] == "signature_invalid"
    assert notices() == 0


@pytest.mark.parametrize("age_s", [301, -301, 86_400])
def test_an_old_event_is_refused(telnyx, age_s):
    body = json.dumps(
        {"data": {"id": "e", "event_type": "call.hangup", "payload": {"connection_id": CONNECTION}}}
    )
    assert telnyx.post(body.encode(), at=time.time() - age_s).status_code == 403
    assert telnyx.post(body.encode(), at=time.time() - 200).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"data":{}}', b'{"data":{"payload":[]}}'])
def test_garbage_is_refused_even_when_it_is_signed(telnyx, body):
    assert telnyx.post(body).status_code == 403
    assert notices() == 0


def test_one_more_space_is_another_body(telnyx):
    body = (
        b'{"data":{"id":"e","event_type":"call.hangup","payload":{"connection_id":"'
        + CONNECTION.encode()
        + b'"}}}'
    )
    stamp = str(int(time.time()))
    assert telnyx.post(body + b" ", signature=KEY.sign(stamp, body)).status_code == 403


def test_another_connection_is_not_this_account(telnyx):
    assert telnyx.tell("call.hangup", connection_id="777").status_code == 403


def test_the_bare_address_finds_the_account_by_its_connection(cast, number, carrier):
    assert Telnyx().initiated().status_code == 200
    work_off_all()
    assert the_call(cast).carrier_account_id == number.carrier_account_id


def test_the_bare_address_tries_every_account_of_the_connection(cast, number, carrier):
    """Two customers entered the same connection: who has the number is meant."""
    other = make_telnyx_account(cast.other)
    assert Telnyx().initiated().status_code == 200
    work_off_all()
    assert the_call(cast).carrier_account_id == number.carrier_account_id
    assert not Call.objects.of(other.organisation).exists()


def test_where_two_accounts_have_the_number_the_call_says_whose_event_it_is(cast, telnyx, carrier):
    """The first event came to an address with an account's id; what follows may name no number at all."""
    telnyx.initiated()
    work_off_all()
    make_number(cast.other, account=make_telnyx_account(cast.other))
    bare = Telnyx()
    assert bare.tell("call.answered").status_code == 200
    bare.tell("call.hangup", to="", hangup_cause="normal_clearing", hangup_source="caller")
    work_off_all()
    assert the_call(cast).is_over
    bare.initiated(call_control_id="v3:leg-2")
    work_off_all()
    assert the_call(cast) and not Call.objects.of(cast.other).exists(), "a new call might be anybody's"


def test_only_posts_are_taken(telnyx):
    assert telnyx.client.get("/webhooks/telnyx").status_code == 405


# -- once -------------------------------------------------------------------------------------------


def test_the_same_event_twice_is_one(cast, telnyx, carrier):
    for _ in range(3):
        assert telnyx.initiated(event_id="e1").status_code == 200
    work_off_all()
    assert notices() == 1 and carrier.commands() == ["answer"]


def test_the_same_news_under_two_ids_is_one(cast, telnyx, carrier):
    telnyx.initiated()
    telnyx.tell("call.answered", direction="incoming")
    telnyx.tell("call.answered", direction="incoming")
    work_off_all()
    assert carrier.commands() == ["answer", "streaming_start"]
    assert the_call(cast).stream_issued == 2
    assert Event.objects.of(cast.organisation).filter(type="call.answered").count() == 1


def test_a_command_that_failed_is_tried_again_with_the_same_event(cast, telnyx, carrier):
    telnyx.initiated()
    work_off_all()
    carrier.refuse("POST", f"/calls/{LEG}/actions/streaming_start", 500, "10007")
    telnyx.tell("call.answered")
    work_off_all()
    row = CarrierNotice.objects.unscoped("a test looks").get(kind="call.answered")
    assert (row.state, row.tries) == ("due", 1) and "500" in row.last_error
    del carrier.answers[f"POST /calls/{LEG}/actions/streaming_start"]
    CarrierNotice.objects.unscoped("a test waits").filter(pk=row.pk).update(due_at=timezone.now())
    work_off_all()
    assert carrier.commands() == ["answer", "streaming_start", "streaming_start"]
    row.refresh_from_db()
    assert (row.state, row.body) == ("done", "")


def test_a_command_that_cannot_work_ends_the_call_in_telnyxs_words(cast, telnyx, carrier):
    telnyx.initiated()
    work_off_all()
    carrier.refuse("POST", f"/calls/{LEG}/actions/streaming_start", 422, "90046", "failed to start")
    telnyx.tell("call.answered")
    work_off_all()
    call = the_call(cast)
    assert (call.status, call.error_code) == ("failed", "telnyx_90046")
    assert "failed to start" in call.error_message and carrier.commands()[-1] == "hangup"


def test_a_stream_whose_asking_was_never_answered_is_asked_for_anew(cast, telnyx, carrier):
    """Telnyx failed after it had begun: what it opens has a token that is void by now."""
    start = f"/calls/{LEG}/actions/streaming_start"
    telnyx.initiated()
    carrier.refuse("POST", start, 502, "10007")
    telnyx.tell("call.answered")
    work_off_all()
    carrier.refuse_once("POST", start, 422, "90045")
    CarrierNotice.objects.unscoped("a test waits").filter(state="due").update(due_at=timezone.now())
    work_off_all()
    assert carrier.commands()[-3:] == ["streaming_start", "streaming_stop", "streaming_start"]
    asked = [body for path, body in carrier.asked if path.endswith("streaming_start")]
    assert len({body["command_id"] for body in asked}) == 3
    call = the_call(cast)
    assert call.status == "in_progress"
    assert read_stream_token(asked[-1]["stream_auth_token"]).n == call.stream_issued


def test_old_events_are_forgotten(telnyx, carrier):
    telnyx.initiated()
    work_off_all()
    assert forget_old_notices() == 0
    CarrierNotice.objects.unscoped("a test ages it").update(created_at="2020-01-01T00:00:00Z")
    assert forget_old_notices() == 1


# -- in any order -----------------------------------------------------------------------------------


def test_a_hangup_before_the_answer_stays_the_end(cast, telnyx, carrier):
    telnyx.initiated()
    telnyx.tell("call.hangup", hangup_cause="normal_clearing", hangup_source="caller", sip_hangup_cause="200")
    telnyx.tell("call.answered")
    work_off_all()
    call = the_call(cast)
    assert call.status == "completed"
    assert carrier.commands() == ["answer", "hangup"]  # and no stream for a call that is over


def test_a_caller_who_is_gone_when_we_answer(cast, telnyx, carrier):
    carrier.refuse("POST", f"/calls/{LEG}/actions/answer", 422, "90018")
    telnyx.initiated()
    work_off_all()
    assert the_call(cast).status == "cancelled"


def test_our_own_leg_is_not_answered(cast, telnyx, carrier):
    telnyx.initiated(direction="outgoing", state="bridging")
    work_off_all()
    assert carrier.asked == [] and not Call.objects.of(cast.organisation).exists()


def test_a_webhook_may_be_faster_than_the_answer_to_the_dial(cast, number, telnyx, carrier):
    call = place_call(organisation=cast.organisation, to=CALLER)
    telnyx.initiated(direction="outgoing", state="bridging", ours=call.pk)
    work_off_all()
    call.refresh_from_db()
    assert (call.status, call.carrier_call_id) == ("dialling", LEG)


@pytest.mark.parametrize(
    "kind", ["call.cost", "call.dtmf.received", "conference.created", "call.playback.started"]
)
def test_what_means_nothing_here_is_taken_politely(cast, telnyx, carrier, kind):
    assert telnyx.tell(kind, digit="1").status_code == 200
    work_off_all()
    assert carrier.asked == [] and not CallEvent.objects.of(cast.organisation).exists()


@pytest.mark.parametrize(
    ("cause", "sip", "outcome", "status"),
    [
        ("user_busy", "486", "busy", "failed"),
        ("timeout", "487", "no_answer", "failed"),
        ("no_answer", "480", "no_answer", "failed"),
        ("call_rejected", "603", "declined", "failed"),
        ("call_rejected", "403", "failed", "failed"),
        ("call_rejected", "unspecified", "declined", "failed"),
        ("not_found", "404", "invalid_number", "failed"),
        ("originator_cancel", "487", "cancelled", "cancelled"),
        ("unspecified", "500", "failed", "failed"),
        ("a word of tomorrow", "", "failed", "failed"),
    ],
)
def test_how_a_call_ended_that_nobody_answered(cast, number, telnyx, carrier, cause, sip, outcome, status):
    call = place_call(organisation=cast.organisation, to=CALLER)
    telnyx.initiated(direction="outgoing", ours=call.pk)
    telnyx.tell("call.hangup", ours=call.pk, hangup_cause=cause, sip_hangup_cause=sip)
    work_off_all()
    call.refresh_from_db()
    assert (call.outcome, call.status) == (outcome, status)
    assert Event.objects.of(cast.organisation).filter(type="call.failed").count() == 1


def test_the_process_that_carries_the_call_learns_of_the_end(cast, telnyx, carrier, sent):
    telnyx.initiated()
    telnyx.tell("call.answered")
    work_off_all()
    call = the_call(cast)
    consume_stream_token(call.pk, call.stream_issued, owner="me")
    telnyx.tell("call.hangup", hangup_cause="normal_clearing")
    work_off_all()
    assert (group_of(call.pk), {"type": "call.carrier_ended", "cause": "caller_hung_up"}) in sent


def test_a_number_of_nobody_is_turned_away(cast, telnyx, carrier):
    telnyx.initiated(to="+15550009999")
    work_off_all()
    assert (the_call(cast).error_code, carrier.commands()) == ("unknown_number", ["reject"])
    assert carrier.asked[0][1]["cause"] == "NOT_FOUND"


def test_a_number_that_no_organisation_has_is_turned_away_too(db, carrier):
    """The account is the platform's own. Telnyx waits for a command, and the caller hears it ring."""
    account = CarrierAccount(owner="platform", carrier="telnyx", api_key="KEY0123")
    account.public_key, account.connection_id = KEY.public_key, CONNECTION
    account.save()
    Telnyx(account).initiated()
    work_off_all()
    assert carrier.commands() == ["reject"]
    assert carrier.asked[0][1]["cause"] == "NOT_FOUND"
    assert not Call.objects.unscoped("a test looks").exists()


def test_a_stream_carries_its_token_and_is_asked_for_as_rtp(cast, telnyx, carrier):
    telnyx.initiated()
    telnyx.tell("call.answered")
    work_off_all()
    body = carrier.asked[-1][1]
    call = the_call(cast)
    assert body["stream_url"] == f"wss://patter.test/media/telnyx/{call.pk}"
    assert body["stream_bidirectional_mode"] == "rtp"
    assert body["custom_parameters"] == [{"name": "token", "value": body["stream_auth_token"]}]
    assert call.answered_at and call.status == "in_progress"


def test_after_the_last_words_in_telnyxs_own_voice_the_call_is_hung_up(cast, telnyx, carrier):
    telnyx.initiated()
    work_off_all()
    telnyx.tell("call.speak.ended", ours=f"goodbye/{the_call(cast).pk}", status="completed")
    work_off_all()
    assert carrier.commands() == ["answer", "hangup"]


def test_nobody_elses_call_is_touched(cast, number, carrier):
    """Another customer's Telnyx account cannot end, answer or even see this one's call."""
    Telnyx(number.carrier_account).initiated()
    work_off_all()
    key = SigningKey()
    other = make_telnyx_account(cast.other)
    other.public_key = key.public_key
    other.save()
    call = the_call(cast)
    told = Telnyx(other, key=key).tell("call.hangup", ours=call.pk, hangup_cause="normal_clearing")
    work_off_all()
    call.refresh_from_db()
    assert told.status_code == 200 and call.status == "ringing"

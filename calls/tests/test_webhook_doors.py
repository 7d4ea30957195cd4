from urllib.parse import urlencode

import pytest
from django.test import Client

from calls.models import Call
from calls.tests.cast import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    FORM,
    NUMBER,
    Twilio,
    make_account,
    make_agent,
    make_number,
)
from patter.carriers.twilio.signature import HEADER, sign
from patter_site.testing import error_of

DOORS = ["voice", "resume", "status", "stream-status", "amd"]
FIELDS = {"AccountSid": ACCOUNT_SID, "CallSid": "CA1", "From": "+15550001111", "To": NUMBER}


def post(path: str, signature: str, form: dict | None = None):
    body = urlencode(FIELDS if form is None else form, doseq=True)
    return Client().post(path, body, content_type=FORM, headers={HEADER: signature})


@pytest.mark.parametrize("door", DOORS)
def test_a_forged_request_is_refused_at_every_door(cast, number, door):
    forged = sign("another token", f"https://patter.test/webhooks/twilio/{door}", FIELDS.items())
    for path in (f"/webhooks/twilio/{door}", f"/webhooks/twilio/{number.carrier_account.pk}/{door}"):
        for signature in (forged, ""):
            refused = post(path, signature)
            assert refused.status_code == 403 and error_of(refused)["code"] == "signature_invalid"
    assert not Call.objects.of(cast.organisation).exists()


def test_a_field_that_was_changed_on_the_way_is_noticed(number):
    path = "/webhooks/twilio/voice"
    signature = sign(AUTH_TOKEN, f"https://patter.test{path}", {**FIELDS, "From": "+1999"}.items())
    assert post(path, signature).status_code == 403


def test_the_query_is_part_of_what_is_signed(number):
    signature = sign(AUTH_TOKEN, "https://patter.test/webhooks/twilio/voice?a=1", FIELDS.items())
    assert post("/webhooks/twilio/voice?a=2", signature).status_code == 403
    assert post("/webhooks/twilio/voice?a=1", signature).status_code == 200


def test_repeated_fields_count_all(number):
    fields = [*FIELDS.items(), ("X", "b"), ("X", "a")]
    signature = sign(AUTH_TOKEN, "https://patter.test/webhooks/twilio/voice", fields)
    assert post("/webhooks/twilio/voice", signature, {**FIELDS, "X": ["b", "a"]}).status_code == 200


def test_the_account_in_the_path_must_be_the_one_that_is_named(cast, number):
    other = make_account(cast.other, account_sid="AC00000000000000000000000000000099")
    assert Twilio(other).voice().status_code == 403
    assert Twilio(number.carrier_account).voice(AccountSid=other.account_sid).status_code == 403


def test_a_subaccount_proves_itself_with_its_own_token(cast, number):
    sub = make_account(cast.organisation, "AC00000000000000000000000000000002", "f" * 32)
    make_number(cast.organisation, sub, number.agent, "+15550003333")
    assert Twilio(sub, token=AUTH_TOKEN).voice(AccountSid=sub.account_sid).status_code == 403
    assert Twilio(sub, token="f" * 32).voice(AccountSid=sub.account_sid, To="+15550003333").status_code == 200
    assert Call.objects.of(cast.organisation).get().carrier_account == sub


def test_an_account_without_a_token_opens_nothing(cast):
    make_account(cast.organisation, auth_token="")
    assert Twilio(None, token="").voice().status_code == 403


@pytest.mark.parametrize("door", DOORS)
def test_only_posts_of_forms_come_in(number, door):
    assert Client().get(f"/webhooks/twilio/{door}").status_code == 405
    assert (
        Client().post(f"/webhooks/twilio/{door}", {"a": 1}, content_type="application/json").status_code
        == 403
    )


class TestTwoOrganisationsWithOneTwilioAccount:
    @pytest.fixture
    def theirs(self, cast):
        return make_account(cast.other)

    def test_the_number_decides_whose_call_it_is(self, cast, number, theirs):
        make_number(cast.other, theirs, make_agent(cast.other), "+15550009999")
        Twilio(None).voice("CA1")
        Twilio(None).voice("CA2", To="+15550009999")
        assert Call.objects.of(cast.organisation).get().carrier_call_id == "CA1"
        assert Call.objects.of(cast.other).get().carrier_call_id == "CA2"

    def test_a_number_that_both_have_is_refused_at_the_bare_address(self, cast, number, theirs):
        make_number(cast.other, theirs, make_agent(cast.other))
        assert b"<Say" in Twilio(None).voice().content
        assert not Call.objects.unscoped("test").exists()

    def test_and_taken_where_the_address_says_whose_it_is(self, cast, number, theirs):
        make_number(cast.other, theirs, make_agent(cast.other))
        Twilio(theirs).voice()
        assert Call.objects.of(cast.other).count() == 1
        assert not Call.objects.of(cast.organisation).exists()

    def test_another_tenants_token_does_not_reach_the_call(self, cast, number, theirs):
        Twilio(number.carrier_account).voice()
        Twilio(theirs).status("CA1", "completed", "3")
        assert Call.objects.of(cast.organisation).get().status == "ringing"

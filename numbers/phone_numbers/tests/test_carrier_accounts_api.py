import pytest

from agents.models import Owner
from patter_site.testing import api, error_of, make_key
from phone_numbers.models import CarrierAccount
from phone_numbers.services import create_number

URL = "/api/v1/carrier-accounts"
SID = "AC" + "0123456789abcdef" * 2
TOKEN = "token-0123456789-TAIL"
TWILIO = {"carrier": "twilio", "account_sid": SID, "auth_token": TOKEN}
TELNYX = {"carrier": "telnyx", "api_key": "KEY0123456789abcdef", "public_key": "cHVi", "connection_id": "149"}


def test_secrets_never_come_back(cast):
    created = api(cast.key).post(URL, TWILIO)
    assert created.status_code == 201
    body = created.json()
    assert (body["hint"], body["account_sid"], body["simulated"]) == ("TAIL", SID, False)
    for answer in (created, api(cast.key).get(URL), api(cast.key).get(f"{URL}/{body['id']}")):
        assert TOKEN not in answer.content.decode()
    assert CarrierAccount.objects.of(cast.organisation).get().auth_token == TOKEN


def test_telnyx_has_fields_of_its_own(cast):
    assert api(cast.key).post(URL, TELNYX).json()["connection_id"] == "149"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"carrier": "twilio", "account_sid": SID}, "auth_token"),
        ({"carrier": "telnyx", "api_key": "k"}, "connection_id"),
        ({**TWILIO, "account_sid": "SK123"}, "account_sid"),
        ({**TWILIO, "connection_id": "1"}, "connection_id"),
        ({**TWILIO, "carrier": "plivo"}, "carrier"),
        ({**TWILIO, "simulated": True}, "simulated"),
        ({**TWILIO, "base_url": "http://10.0.0.1"}, "base_url"),
    ],
)
def test_each_carrier_says_what_it_needs(cast, body, field):
    refused = api(cast.key).post(URL, body)
    assert refused.status_code == 400 and field in error_of(refused)["fields"]


def test_new_secrets_forget_what_was_checked(cast):
    account = api(cast.key).post(URL, TWILIO).json()["id"]
    CarrierAccount.objects.of(cast.organisation).update(check_error="twilio: no")
    body = api(cast.key).patch(f"{URL}/{account}", {"auth_token": "another-0123456789-NEWW"}).json()
    assert (body["hint"], body["check_error"], body["checked_at"]) == ("NEWW", "", None)


def test_an_account_with_numbers_stays(cast):
    account = api(cast.key).post(URL, TWILIO).json()["id"]
    row = CarrierAccount.objects.of(cast.organisation).get()
    number = create_number(organisation=cast.organisation, number="+14155550100", carrier_account=row)
    assert api(cast.key).delete(f"{URL}/{account}").status_code == 409
    number.delete()
    assert api(cast.key).delete(f"{URL}/{account}").status_code == 204


def test_what_is_not_ones_own_is_not_there(cast):
    mine = api(cast.key).post(URL, TWILIO).json()["id"]
    platform = CarrierAccount(owner=Owner.PLATFORM, carrier="twilio", account_sid=SID, auth_token="x")
    platform.save()
    assert [row["id"] for row in api(cast.key).get(URL).json()["results"]] == [mine]
    assert api(cast.key).get(f"{URL}/{platform.pk}").status_code == 404
    for method, path in (("get", ""), ("patch", ""), ("delete", ""), ("post", "/check")):
        assert getattr(api(cast.other_key), method)(f"{URL}/{mine}{path}").status_code == 404


def test_only_admins_handle_secrets(cast):
    key = make_key(cast.organisation, cast.ada, ["numbers:read", "numbers:write"])
    assert api(key).get(URL).status_code == 200
    assert api(key).post(URL, TWILIO).status_code == 403


def test_how_fast_an_account_dials_and_how_many_calls_it_has(cast):
    account = api(cast.key).post(URL, TWILIO).json()
    assert (account["calls_per_second"], account["most_calls"]) == (1.0, None)
    changed = api(cast.key).patch(f"{URL}/{account['id']}", {"calls_per_second": 5, "most_calls": 20})
    assert (changed.json()["calls_per_second"], changed.json()["most_calls"]) == (5.0, 20)
    refused = api(cast.key).patch(f"{URL}/{account['id']}", {"calls_per_second": 0})
    assert refused.status_code == 400 and "calls_per_second" in refused.json()["error"]["fields"]

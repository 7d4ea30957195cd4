import pytest

from agents.services import create_agent
from patter_site.testing import api, error_of
from phone_numbers.services import create_carrier_account, create_number

URL = "/api/v1/numbers"
NUMBER = "+14155550100"


def account_of(organisation):
    return create_carrier_account(
        organisation=organisation, carrier="twilio", account_sid="AC" + "0" * 32, auth_token="x" * 32
    )


@pytest.fixture
def account(cast):
    return account_of(cast.organisation)


def make(cast, account, **fields):
    return api(cast.key).post(URL, {"number": NUMBER, "carrier_account": account.pk, **fields})


def test_a_number_is_entered_with_or_without_an_agent(cast, account):
    agent = create_agent(organisation=cast.organisation, config={"name": "A"})
    body = make(cast, account, agent=agent.pk, number="+1 415 555-0100").json()
    assert body["id"].startswith("num_")
    assert (body["number"], body["agent"], body["carrier_account"]) == (NUMBER, agent.pk, account.pk)
    assert make(cast, account, number="+14155550101").json()["agent"] is None


def test_a_number_is_there_once_per_account(cast, account):
    make(cast, account)
    again = make(cast, account)
    assert again.status_code == 409 and error_of(again)["code"] == "number_taken"
    other = create_number(organisation=cast.other, number=NUMBER, carrier_account=account_of(cast.other))
    assert other.pk


def test_a_wrong_number_is_refused_with_a_sentence(cast, account):
    refused = make(cast, account, number="0415 555")
    assert refused.status_code == 400 and "country code" in error_of(refused)["fields"]["number"][0]


def test_foreign_ids_in_the_body_are_unknown(cast, account):
    foreign = create_agent(organisation=cast.other, config={"name": "C"})
    assert make(cast, account, agent=foreign.pk).status_code == 400
    assert make(cast, account_of(cast.other)).status_code == 400


def test_another_agent_starts_unpinned(cast, account):
    one, two = (create_agent(organisation=cast.organisation, config={"name": n}) for n in "ab")
    url = f"{URL}/{make(cast, account, agent=one.pk, agent_version=1).json()['id']}"
    body = api(cast.key).patch(url, {"agent": two.pk}).json()
    assert (body["agent"], body["agent_version"]) == (two.pk, None)
    assert api(cast.key).patch(url, {"agent_version": 7}).status_code == 400


def test_cleo_finds_nothing(cast, account):
    number = make(cast, account).json()["id"]
    for method, path in (("get", ""), ("patch", ""), ("delete", ""), ("post", "/configure")):
        assert getattr(api(cast.other_key), method)(f"{URL}/{number}{path}").status_code == 404


def test_a_number_can_be_forgotten(cast, account):
    number = make(cast, account).json()["id"]
    assert api(cast.key).delete(f"{URL}/{number}").status_code == 204
    assert api(cast.key).get(URL).json()["results"] == []

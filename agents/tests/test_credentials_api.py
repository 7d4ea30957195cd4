from agents.models import Owner, ProviderCredential
from patter_site.testing import api, error_of

URL = "/api/v1/provider-credentials"
KEY = "sk-0123456789abcdefWXYZ"


def make(cast, **fields):
    return api(cast.key).post(URL, {"provider": "openai", "api_key": KEY, **fields})


def test_a_key_never_comes_back(cast):
    created = make(cast)
    assert created.status_code == 201 and created.json()["hint"] == "WXYZ"
    for answer in (created, api(cast.key).get(URL), api(cast.key).get(f"{URL}/{created.json()['id']}")):
        assert KEY not in answer.content.decode()
    assert ProviderCredential.objects.of(cast.organisation).get().api_key == KEY


def test_of_a_short_key_nothing_is_shown(cast):
    assert make(cast, api_key="short").json()["hint"] == ""


def test_a_key_can_be_replaced(cast):
    created = make(cast).json()
    changed = api(cast.key).patch(f"{URL}/{created['id']}", {"api_key": "sk-new-0123456789-9999"})
    assert changed.json()["hint"] == "9999"


def test_what_is_missing_is_said(cast):
    assert "api_key" in error_of(api(cast.key).post(URL, {"provider": "openai"}))["fields"]
    assert "base_url" in error_of(api(cast.key).post(URL, {"provider": "openai_compatible"}))["fields"]
    assert "provider" in error_of(make(cast, provider="offline"))["fields"]


def test_an_address_inside_the_network_is_refused(cast, settings):
    settings.PATTER_ALLOW_PRIVATE_URLS = []
    for url in ("http://127.0.0.1:1/v1", "http://169.254.169.254", "http://[::ffff:10.0.0.1]/", "ftp://x"):
        assert "base_url" in error_of(make(cast, base_url=url))["fields"], url
    settings.PATTER_ALLOW_PRIVATE_URLS = ["127.0.0.0/8"]
    assert make(cast, base_url="http://127.0.0.1:1/v1/").json()["base_url"] == "http://127.0.0.1:1/v1"


def test_the_platforms_and_other_peoples_keys_are_not_there(cast):
    platform = ProviderCredential(owner=Owner.PLATFORM, provider="openai", api_key=KEY)
    platform.save()
    mine = make(cast).json()["id"]
    assert [row["id"] for row in api(cast.key).get(URL).json()["results"]] == [mine]
    assert api(cast.key).get(f"{URL}/{platform.pk}").status_code == 404
    for method in ("get", "patch", "delete"):
        assert getattr(api(cast.other_key), method)(f"{URL}/{mine}").status_code == 404

"""Coming in by password and by link, going out, and what strangers cannot do."""

import pytest
from django.core.cache import cache

from patter_site.accounts.models import ApiKey
from patter_site.accounts.services.sign_in_links import create_sign_in_link
from patter_site.accounts.throttle import TRIES_PER_PERSON
from patter_site.testing import PASSWORD, make_cast, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    cache.clear()


@pytest.fixture
def cast():
    return make_cast()


def sign_in(client, password: str = PASSWORD, **more: str):
    return client.post("/sign-in/", {"email": "Ada@example.com", "password": password, **more})


def test_password(client, cast):
    assert sign_in(client)["Location"] == "/"
    assert client.get("/", follow=True).redirect_chain[-1][0] == f"/o/{cast.organisation.slug}/calls/"
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get(f"/o/{cast.organisation.slug}/calls/").status_code == 302


@pytest.mark.parametrize(
    "evil", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http:///x"]
)
def test_next_stays_here(client, cast, evil):
    assert sign_in(client, next=evil)["Location"] == "/"


def test_next_is_kept(client, cast):
    assert sign_in(client, next="/o/x/agents/")["Location"] == "/o/x/agents/"


def test_too_many_tries(client, cast):
    for _ in range(TRIES_PER_PERSON):
        page = sign_in(client, "wrong")
        assert "do not belong together" in page.content.decode()
    blocked = sign_in(client)
    assert blocked.status_code == 429 and "Too many tries" in blocked.content.decode()


def test_a_link_works_once(client, cast):
    token = create_sign_in_link(user=cast.ada)
    assert client.get(f"/sign-in/link/{token}/").status_code == 302
    assert client.get("/").status_code == 302
    client.post("/sign-out/")
    again = client.get(f"/sign-in/link/{token}/")
    assert again.status_code == 410 and "no longer works" in again.content.decode()


def test_without_an_organisation_one_knows_what_to_do(client):
    client.force_login(make_user("dora@example.com"))
    page = client.get("/").content.decode()
    assert "No organisation yet" in page and "dora@example.com" in page


def test_a_key_is_shown_once_and_never_again(client, cast):
    client.force_login(cast.ada)
    address = f"/o/{cast.organisation.slug}/settings/keys/"
    page = client.post(address, {"name": "Shop", "scopes": ["calls:read"]})
    secret = page.context["secret"]
    assert secret.startswith("pt_") and secret in page.content.decode()
    assert page["Cache-Control"].find("no-store") >= 0
    assert secret not in client.get(address).content.decode()
    key = ApiKey.objects.of(cast.organisation).get(name="Shop")
    client.post(f"{address}{key.pk}/revoke/")
    key.refresh_from_db()
    assert key.revoked_at and "Revoked" in client.get(address).content.decode()


def test_keys_are_for_admins_of_this_organisation(client, cast):
    address = f"/o/{cast.organisation.slug}/settings/keys/"
    client.force_login(cast.ben)
    refused = client.get(address)
    assert refused.status_code == 403 and "this needs “admin”" in refused.content.decode()
    client.force_login(cast.cleo)
    assert client.get(address).status_code == 404
    key = ApiKey.objects.of(cast.organisation).get()
    assert client.post(f"/o/{cast.other.slug}/settings/keys/{key.pk}/revoke/").status_code == 404


def test_the_light_switch_works_without_script(client):
    response = client.post("/appearance/", {"theme": "dark", "next": "/sign-in/"})
    assert response["Location"] == "/sign-in/"
    assert 'data-theme="dark"' in client.get("/sign-in/").content.decode()
    client.post("/appearance/", {"theme": '"><script>'})
    assert "<script>" not in client.get("/sign-in/").content.decode()

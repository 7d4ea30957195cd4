import pytest
from django.test import Client
from django.urls import reverse

from calls.models import CallEvent, Turn
from calls.tests.cast import AUTH_TOKEN, make_call
from patter_site.accounts.models import ApiKey, User

PAGES = [
    "calls_call",
    "agents_agent",
    "agents_providercredential",
    "numbers_carrieraccount",
    "numbers_phonenumber",
    "accounts_organisation",
    "accounts_user",
    "accounts_apikey",
]


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.com", "x"))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_every_list_can_be_searched(staff, number, page):
    response = staff.get(reverse(f"admin:{page}_changelist"), {"q": "Ada"})
    assert response.status_code == 200


def test_a_call_is_found_and_shown_with_its_turns_and_events(staff, cast, number):
    call = make_call(cast.organisation, carrier_call_id="CA7", from_number="+15550001111")
    Turn.objects.create(
        organisation=cast.organisation, call=call, index=0, turn_id="t", role="user", text="Hallo"
    )
    CallEvent.objects.create(organisation=cast.organisation, call=call, kind="carrier.voice")
    for question in (call.pk, "CA7", "0001111", cast.organisation.pk, "Ada"):
        page = staff.get(reverse("admin:calls_call_changelist"), {"q": question})
        assert call.pk in page.content.decode()
    page = staff.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()
    assert "Hallo" in page and "carrier.voice" in page


@pytest.mark.parametrize("model", ["Organisation", "User", "ApiKey"])
def test_people_and_organisations_are_shown(staff, cast, model):
    shown = {"Organisation": cast.organisation, "User": cast.ada}.get(model)
    shown = shown or ApiKey.objects.of(cast.organisation).get()
    page = staff.get(reverse(f"admin:accounts_{model.lower()}_change", args=[shown.pk]))
    assert page.status_code == 200
    assert b"pbkdf2" not in page.content


def test_an_agent_is_shown_with_its_versions(staff, number):
    assert staff.get(reverse("admin:agents_agent_change", args=[number.agent.pk])).status_code == 200


def test_secrets_are_on_no_page(staff, cast, number):
    account = number.carrier_account
    page = staff.get(reverse("admin:numbers_carrieraccount_change", args=[account.pk]))
    assert page.status_code == 200
    assert AUTH_TOKEN not in page.content.decode()


def test_a_list_costs_the_same_for_many_calls(staff, cast, django_assert_max_num_queries):
    for i in range(30):
        make_call(cast.organisation, carrier_call_id=f"CA{i}")
    with django_assert_max_num_queries(8):
        staff.get(reverse("admin:calls_call_changelist"))


def test_a_key_can_be_revoked(staff, cast):
    key = ApiKey.objects.of(cast.organisation).get()
    data = {"action": "revoke", "_selected_action": [key.pk]}
    staff.post(reverse("admin:accounts_apikey_changelist"), data)
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_nothing_can_be_changed(staff, cast):
    call = make_call(cast.organisation)
    response = staff.post(reverse("admin:calls_call_change", args=[call.pk]), {"status": "completed"})
    assert response.status_code == 403

"""Ada and Ben see their organisation's calls; Cleo sees nothing, not even that they exist."""

import pytest
from django.test import Client

from calls.scenes import make_full_call
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db


def addresses(slug: str, call_id: str) -> list[str]:
    call = f"/o/{slug}/calls/{call_id}/"
    return [f"/o/{slug}/calls/", call, f"{call}row/", f"{call}growth/", f"{call}recording.wav"]


def test_members_see_and_strangers_get_404():
    cast = make_cast(ben_role="viewer")
    call = make_full_call(cast.organisation)
    for user, status in ((cast.ada, 200), (cast.ben, 200), (cast.cleo, 404)):
        client = Client()
        client.force_login(user)
        for address in addresses(cast.organisation.slug, call.pk):
            response = client.get(address)
            if response.streaming:
                list(response.streaming_content)
            assert response.status_code == status, (user, address)


def test_another_organisations_call_is_404_at_ones_own_address():
    cast = make_cast()
    call = make_full_call(cast.organisation)
    client = Client()
    client.force_login(cast.cleo)
    for address in addresses(cast.other.slug, call.pk)[1:]:
        assert client.get(address).status_code == 404, address


def test_without_signing_in_the_page_waits_behind_the_door(client):
    cast = make_cast()
    call = make_full_call(cast.organisation)
    response = client.get(f"/o/{cast.organisation.slug}/calls/{call.pk}/")
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in/?next=/o/{cast.organisation.slug}/calls/{call.pk}/"


def test_a_viewer_cannot_hang_up(client):
    cast = make_cast(ben_role="viewer")
    call = make_full_call(cast.organisation, live=True)
    address = f"/o/{cast.organisation.slug}/calls/{call.pk}/"
    client.force_login(cast.ben)
    assert "Hang up" not in client.get(address).content.decode()
    assert client.post(f"{address}hang-up/").status_code == 403


def test_an_operator_hangs_up_once_and_is_told_when_it_is_too_late(client):
    cast = make_cast(ben_role="operator")
    call = make_full_call(cast.organisation, live=True)
    address = f"/o/{cast.organisation.slug}/calls/{call.pk}/"
    client.force_login(cast.ben)
    assert client.get(f"{address}hang-up/").status_code == 405
    client.post(f"{address}hang-up/")
    call.refresh_from_db()
    assert (call.status, call.end_reason) == ("completed", "api_hung_up")
    again = client.post(f"{address}hang-up/", follow=True)
    assert "This call is over." in again.content.decode()

import pytest

from patter_site.accounts.models import Membership, Role
from patter_site.testing import Cast, api, error_of, make_cast, make_key

pytestmark = pytest.mark.django_db


def member_id(cast: Cast, user) -> str:
    return Membership.objects.of(cast.organisation).get(user=user).pk


def test_a_member_is_added_changed_and_removed():
    cast = make_cast()
    client = api(cast.key)
    added = client.post("/api/v1/members", {"email": "Dora@example.com", "role": "viewer"})
    assert added.status_code == 201
    assert added.json()["email"] == "dora@example.com"
    address = f"/api/v1/members/{added.json()['id']}"
    assert client.patch(address, {"role": "builder"}).json()["role"] == "builder"
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    actions = [row["action"] for row in client.get("/api/v1/audit-entries").json()["results"]]
    assert actions[:3] == ["member.removed", "member.role_changed", "member.added"]


def test_the_last_owner_stays():
    cast = make_cast()
    address = f"/api/v1/members/{member_id(cast, cast.ada)}"
    for response in (api(cast.key).delete(address), api(cast.key).patch(address, {"role": "admin"})):
        assert response.status_code == 409
        assert error_of(response)["code"] == "last_owner"


def test_nobody_gives_a_role_above_their_own():
    cast = make_cast(ben_role=Role.ADMIN)
    key = make_key(cast.organisation, cast.ben)
    for response in (
        api(key).post("/api/v1/members", {"email": "d@example.com", "role": "owner"}),
        api(key).patch(f"/api/v1/members/{member_id(cast, cast.ben)}", {"role": "owner"}),
        api(key).delete(f"/api/v1/members/{member_id(cast, cast.ada)}"),
    ):
        assert response.status_code == 403
        assert error_of(response)["code"] == "not_allowed"


def test_the_keys_of_a_person_end_with_the_membership():
    cast = make_cast()
    key = make_key(cast.organisation, cast.ben)
    assert api(key).get("/api/v1/members").status_code == 403
    api(cast.key).delete(f"/api/v1/members/{member_id(cast, cast.ben)}")
    assert api(key).get("/api/v1/members").status_code == 401


def test_a_member_twice_is_a_wrong_value():
    cast = make_cast()
    response = api(cast.key).post("/api/v1/members", {"email": "BEN@example.com", "role": "viewer"})
    assert response.status_code == 400
    assert list(error_of(response)["fields"]) == ["email"]


def test_another_organisations_member_is_not_found():
    cast = make_cast()
    hers = Membership.objects.of(cast.other).get()
    assert api(cast.key).patch(f"/api/v1/members/{hers.pk}", {"role": "viewer"}).status_code == 404

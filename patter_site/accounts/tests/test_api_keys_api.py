from datetime import timedelta

import pytest
from django.utils import timezone

from patter_site.accounts.models import ApiKey, AuditEntry, Membership, Role
from patter_site.accounts.roles import ALL_SCOPES
from patter_site.testing import api, error_of, make_cast, make_key

pytestmark = pytest.mark.django_db


def test_a_new_key_is_shown_once_and_opens_the_api():
    cast = make_cast()
    response = api(cast.key).post("/api/v1/api-keys", {"name": "Deploy", "scopes": ["calls:read", "admin"]})
    assert response.status_code == 201
    made = response.json()
    assert made["key"].startswith("pt_")
    assert made["scopes"] == ["calls:read", "admin"]
    listed = api(made["key"]).get("/api/v1/api-keys/").json()["results"]
    assert {row["name"] for row in listed} == {"Deploy", "Test"}
    assert not any("key" in row or "secret_hash" in row for row in listed)


def test_only_a_hash_of_the_secret_is_stored():
    cast = make_cast()
    row = ApiKey.objects.of(cast.organisation).get()
    assert cast.key.startswith(f"pt_{row.public_id}")
    secret = cast.key.removeprefix(f"pt_{row.public_id}")
    assert secret not in str(row.__dict__)


def test_a_repeated_request_makes_one_key_and_does_not_repeat_the_secret():
    client = api(make_cast().key, Idempotency_Key="k")
    first, second = (client.post("/api/v1/api-keys", {"name": "A"}).json() for _ in range(2))
    assert second == {**first, "key": None, "secret_already_shown": True}


def test_a_deleted_key_is_revoked_and_refused():
    cast = make_cast()
    made = api(cast.key).post("/api/v1/api-keys", {"name": "A"}).json()
    assert api(cast.key).delete(f"/api/v1/api-keys/{made['id']}").status_code == 204
    response = api(made["key"]).get("/api/v1/api-keys")
    assert response.status_code == 401
    assert error_of(response)["code"] == "api_key_revoked"
    actions = AuditEntry.objects.of(cast.organisation).values_list("action", flat=True)
    assert "api_key.revoked" in actions


def test_an_expired_key_is_refused():
    cast = make_cast()
    ApiKey.objects.of(cast.organisation).update(expires_at=timezone.now() - timedelta(seconds=1))
    response = api(cast.key).get("/api/v1/members")
    assert response.status_code == 401
    assert error_of(response)["code"] == "api_key_expired"


@pytest.mark.parametrize("key", ["pt_", "nonsense", "pt_" + "0" * 64, "pt_é"])
def test_what_is_no_key_is_401(key):
    response = api().get("/api/v1/members", HTTP_AUTHORIZATION=f"Bearer {key}".encode().decode("latin-1"))
    assert response.status_code == 401
    assert error_of(response)["code"] in ("api_key_invalid", "not_authenticated")


def test_a_key_also_comes_as_a_bearer_token():
    cast = make_cast()
    assert api().get("/api/v1/members", HTTP_AUTHORIZATION=f"Bearer {cast.key}").status_code == 200


def test_a_key_cannot_make_one_that_may_more():
    cast = make_cast()
    small = make_key(cast.organisation, cast.ada, ["admin"])
    response = api(small).post("/api/v1/api-keys", {"name": "A", "scopes": ["calls:write"]})
    assert response.status_code == 400
    assert list(error_of(response)["fields"]) == ["scopes"]
    assert api(small).post("/api/v1/api-keys", {"name": "A"}).json()["scopes"] == ["admin"]


def test_a_key_never_exceeds_the_present_role_of_its_maker():
    cast = make_cast(ben_role=Role.ADMIN)
    key = make_key(cast.organisation, cast.ben, ALL_SCOPES)
    assert api(key).get("/api/v1/members").status_code == 200
    Membership.objects.of(cast.organisation).filter(user=cast.ben).update(role=Role.VIEWER)
    response = api(key).get("/api/v1/members")
    assert response.status_code == 403
    assert error_of(response)["code"] == "scope_missing"


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(django_assert_num_queries):
    cast = make_cast()
    api(cast.key).get("/api/v1/members")
    row = ApiKey.objects.of(cast.organisation).get()
    assert row.last_used_at is not None
    api(cast.key).get("/api/v1/members")
    assert ApiKey.objects.of(cast.organisation).get().last_used_at == row.last_used_at


def test_another_organisations_key_is_not_found():
    cast = make_cast()
    hers = ApiKey.objects.of(cast.other).get()
    assert api(cast.key).delete(f"/api/v1/api-keys/{hers.pk}").status_code == 404
    assert ApiKey.objects.of(cast.other).get().revoked_at is None

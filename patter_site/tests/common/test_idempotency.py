from datetime import timedelta

import pytest
from django.utils import timezone

from patter_site.accounts.models import AuditEntry
from patter_site.common import idempotency
from patter_site.common.errors import Conflict
from patter_site.common.models import IdempotencyRecord
from patter_site.testing import Cast, api, error_of, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("patter_site.tests.common.views")]


def post(cast: Cast, action: str = "x", key: str = "k1", path: str = "/api/v1/notes", api_key: str = ""):
    client = api(api_key or cast.key, Idempotency_Key=key)
    client.raise_request_exception = False
    return client.post(path, {"action": action})


def notes(cast: Cast) -> int:
    return AuditEntry.objects.of(cast.organisation).exclude(action__contains=".").count()


def test_the_same_key_gives_the_same_answer_and_one_effect():
    cast = make_cast()
    first, second = post(cast), post(cast)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert second.json()["id"] == first.json()["id"]
    assert notes(cast) == 1


def test_a_secret_that_is_shown_once_is_null_the_second_time():
    cast = make_cast()
    first, second = post(cast).json(), post(cast).json()
    assert first["secret"] == "only once"
    assert second["secret"] is None
    assert second["secret_already_shown"] is True


def test_the_same_key_with_another_body_is_422():
    cast = make_cast()
    post(cast)
    response = post(cast, action="y")
    assert response.status_code == 422
    assert error_of(response)["code"] == "idempotency_mismatch"


def test_the_order_of_keys_and_spaces_do_not_make_another_body():
    assert idempotency.body_hash(b'{"a": 1, "b": 2}') == idempotency.body_hash(b'{"b":2,"a":1}')
    assert idempotency.body_hash(b"{") != idempotency.body_hash(b"[")


def test_a_key_belongs_to_its_organisation():
    cast = make_cast()
    assert post(cast).json()["id"] != post(cast, api_key=cast.other_key).json()["id"]


def test_a_refusal_is_an_answer_too_and_leaves_no_effect():
    cast = make_cast()
    first, second = post(cast, "refuse"), post(cast, "refuse")
    assert (first.status_code, second.status_code) == (410, 410)
    assert second["Idempotency-Replayed"] == "true"
    assert notes(cast) == 0


def test_our_own_fault_is_not_kept():
    cast = make_cast()
    assert post(cast, "crash").status_code == 500
    assert notes(cast) == 0
    assert not IdempotencyRecord.objects.exists()
    assert post(cast, "x").status_code == 201


def in_flight(cast: Cast, lease_s: float, at: str = "POST /api/v1/notes"):
    digest = idempotency.body_hash(b'{"action": "x"}')
    return idempotency.begin(
        organisation_id=cast.organisation.pk, route=at, key="k1", digest=digest, lease_s=lease_s
    )


def test_while_the_first_runs_the_second_is_told_to_wait():
    cast = make_cast()
    in_flight(cast, lease_s=60)
    response = post(cast)
    assert response.status_code == 409
    assert error_of(response)["code"] == "idempotency_in_flight"
    assert int(response["Retry-After"]) >= 1


def test_a_request_that_died_may_be_repeated_when_its_lease_is_out():
    cast = make_cast()
    abandoned = in_flight(cast, lease_s=-1)
    assert post(cast).status_code == 201
    with pytest.raises(Conflict):
        idempotency.finish(abandoned, status=201, body={})
    assert notes(cast) == 1


def test_after_24_hours_a_key_is_new_again():
    cast = make_cast()
    first = post(cast).json()
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert post(cast).json()["id"] != first["id"]
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.delete_expired() == 1


@pytest.mark.parametrize("key", ["", "a" * 256, "é", "a\tb"])
def test_a_key_that_cannot_be_kept_is_400(key):
    response = post(make_cast(), key=key)
    assert response.status_code == 400
    assert error_of(response)["code"] == "idempotency_key_invalid"

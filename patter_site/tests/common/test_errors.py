import pytest
from django.test import override_settings

from patter_site.testing import api, error_of, make_cast, make_key

pytestmark = [pytest.mark.django_db, pytest.mark.urls("patter_site.tests.common.views")]


def test_every_refusal_has_the_one_shape():
    key = make_cast().key
    client = api(key)
    answers = {
        404: client.get("/api/v1/notes/aud_unknown"),
        405: client.delete("/api/v1/notes"),
        406: client.get("/api/v1/notes", HTTP_ACCEPT="image/png"),
        415: client.post("/api/v1/notes", "a,b", content_type="text/csv"),
        400: client.post("/api/v1/notes", "{", content_type="application/json"),
        401: api().get("/api/v1/notes"),
    }
    codes = {}
    for status, response in answers.items():
        assert response.status_code == status
        codes[status] = error_of(response)["code"]
    assert codes == {
        404: "not_found",
        405: "method_not_allowed",
        406: "not_acceptable",
        415: "unsupported_media_type",
        400: "malformed_json",
        401: "not_authenticated",
    }
    assert answers[401]["WWW-Authenticate"].startswith("Bearer")
    assert "GET" in answers[405]["Allow"]


@pytest.mark.parametrize("debug", [False, True])
def test_an_unknown_address_of_the_api_answers_in_json(debug):
    with override_settings(DEBUG=debug):
        response = api().get("/api/v1/nothing/here/")
    assert response.status_code == 404
    assert error_of(response)["code"] == "not_found"


def test_our_own_fault_is_a_500_in_the_same_shape_and_is_logged(caplog):
    client = api(make_cast().key)
    client.raise_request_exception = False
    response = client.post("/api/v1/crash")
    assert response.status_code == 500
    assert error_of(response)["code"] == "internal_error"
    assert "a bug" not in response.content.decode()


def test_a_wrong_value_is_named_in_fields():
    response = api(make_cast().key).post("/api/v1/notes", {"action": ["x"]})
    assert response.status_code == 400
    error = error_of(response)
    assert error["code"] == "validation_failed"
    assert list(error["fields"]) == ["action"]
    assert error["fields"]["action"][0].endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        '{"action": "a\\u0000b"}',
        '{"action": "\\ud800"}',
        '{"action": NaN}',
        '{"a": 1e400}',
        "[" * 100_000,
    ],
)
def test_what_no_column_can_hold_is_refused_at_the_door(body):
    response = api(make_cast().key).post("/api/v1/notes", body, content_type="application/json")
    assert response.status_code == 400
    assert error_of(response)["code"] == "malformed_json"


def test_a_nul_in_the_address_is_refused():
    response = api(make_cast().key).get("/api/v1/notes?q=%00")
    assert response.status_code == 400
    error_of(response)


def test_a_missing_scope_is_403_and_named():
    cast = make_cast()
    reader = make_key(cast.organisation, scopes=["agents:read"])
    assert api(reader).get("/api/v1/notes").status_code == 200
    response = api(reader).post("/api/v1/notes", {"action": "x"})
    assert response.status_code == 403
    error = error_of(response)
    assert error["code"] == "scope_missing"
    assert "agents:write" in error["message"]

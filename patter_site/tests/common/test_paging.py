import pytest

from patter_site.accounts.models import AuditEntry
from patter_site.common.ids import new_id
from patter_site.common.paging import Cursor, encode_cursor
from patter_site.testing import Cast, api, error_of, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("patter_site.tests.common.views")]


def make_notes(cast: Cast, count: int) -> list[str]:
    AuditEntry.objects.of(cast.organisation).delete()
    notes = [
        AuditEntry(id=f"aud_{n:04}", organisation=cast.organisation, action=f"n{n}") for n in range(count)
    ]
    AuditEntry.objects.bulk_create(notes)
    return [note.pk for note in reversed(notes)]


def ids(page) -> list[str]:
    return [row["id"] for row in page["results"]]


def test_pages_lead_through_all_rows_newest_first_and_back():
    cast = make_cast()
    expected = make_notes(cast, 7)
    client = api(cast.key)
    first = client.get("/api/v1/notes?limit=3").json()
    assert first["previous"] is None
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert ids(first) + ids(second) + ids(third) == expected
    assert third["next"] is None
    back = client.get(third["previous"]).json()
    assert ids(back) == ids(second)
    front = client.get(back["previous"]).json()
    assert ids(front) == ids(first)
    assert front["previous"] is None
    assert client.get(front["next"]).json()["results"] == second["results"]


def test_rows_that_arrive_meanwhile_do_not_shift_a_page():
    cast = make_cast()
    expected = make_notes(cast, 4)
    client = api(cast.key)
    first = client.get("/api/v1/notes?limit=2").json()
    AuditEntry.objects.create(id=new_id("aud")(), organisation=cast.organisation, action="new")
    assert ids(client.get(first["next"]).json()) == expected[2:]


def test_fifty_rows_unless_said_otherwise():
    cast = make_cast()
    make_notes(cast, 60)
    assert len(api(cast.key).get("/api/v1/notes").json()["results"]) == 50
    assert len(api(cast.key).get("/api/v1/notes?limit=200").json()["results"]) == 60


def test_an_empty_list_has_no_neighbours():
    cast = make_cast()
    make_notes(cast, 0)
    assert api(cast.key).get("/api/v1/notes").json() == {"results": [], "next": None, "previous": None}


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "²", "9" * 50])
def test_a_limit_out_of_range_is_400(limit):
    response = api(make_cast().key).get("/api/v1/notes", {"limit": limit})
    assert response.status_code == 400
    assert list(error_of(response)["fields"]) == ["limit"]


@pytest.mark.parametrize(
    "cursor", ["x", "é", "%%%", "YWJj", encode_cursor("calls.call", Cursor(True, "call_1"))]
)
def test_a_cursor_that_is_not_this_lists_is_400(cursor):
    response = api(make_cast().key).get("/api/v1/notes", {"cursor": cursor})
    assert response.status_code == 400
    assert error_of(response)["code"] == "invalid_cursor"

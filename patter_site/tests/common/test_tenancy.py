import pytest

from patter_site.accounts.models import AuditEntry
from patter_site.common.tenancy import UnscopedQuery
from patter_site.testing import api, error_of, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("patter_site.tests.common.views")]


def test_another_organisations_row_is_404_in_the_path():
    cast = make_cast()
    hers = AuditEntry.objects.of(cast.other).latest("pk")
    response = api(cast.key).get(f"/api/v1/notes/{hers.pk}")
    assert response.status_code == 404
    error_of(response)
    assert api(cast.other_key).get(f"/api/v1/notes/{hers.pk}").status_code == 200


def test_another_organisations_row_is_unknown_in_a_body():
    cast = make_cast()
    hers = AuditEntry.objects.of(cast.other).latest("pk")
    response = api(cast.key).post("/api/v1/notes", {"action": "x", "about": hers.pk})
    assert response.status_code == 400
    assert list(error_of(response)["fields"]) == ["about"]
    mine = AuditEntry.objects.of(cast.organisation).latest("pk")
    assert api(cast.key).post("/api/v1/notes", {"action": "x", "about": mine.pk}).status_code == 201


def test_a_query_that_names_no_organisation_raises():
    with pytest.raises(UnscopedQuery):
        AuditEntry.objects.filter(action="x")
    with pytest.raises(UnscopedQuery):
        AuditEntry.objects.unscoped("")

"""Staff set how long an organisation keeps its recordings, and change nothing else on that page."""

import re

import pytest

from patter_site.accounts.models import Organisation, User
from patter_site.testing import make_cast


@pytest.mark.django_db
def test_the_days_can_be_set_and_the_name_cannot(client):
    organisation = make_cast().organisation
    staff = User.objects.create_superuser(email="staff@example.com", password="a long pass phrase")
    client.force_login(staff)
    address = f"/admin/accounts/organisation/{organisation.pk}/change/"
    shown = client.get(address).content.decode()
    members = {name: "0" for name in re.findall(r"name=\"([^\"]*_FORMS)\"", shown)}
    answer = client.post(address, {"recording_days": "30", "name": "Other", **members})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    changed = Organisation.objects.get(pk=organisation.pk)
    assert (changed.recording_days, changed.name) == (30, organisation.name)

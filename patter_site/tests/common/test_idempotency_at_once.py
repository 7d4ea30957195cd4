import threading

import pytest
from django.db import connection

from patter_site.accounts.models import AuditEntry
from patter_site.testing import api, make_cast

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("patter_site.tests.common.views"),
]


def test_two_requests_at_once_have_one_effect():
    cast = make_cast()
    answers = []
    barrier = threading.Barrier(6)

    def send():
        client = api(cast.key, Idempotency_Key="same")
        barrier.wait()
        answers.append(client.post("/api/v1/notes", {"action": "x"}))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert AuditEntry.objects.of(cast.organisation).filter(action="x").count() == 1

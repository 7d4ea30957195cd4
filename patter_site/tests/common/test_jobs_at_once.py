import threading

import pytest
from django.db import connection
from django.utils import timezone

from patter_site.common.jobs import claim_due, tick_lease
from patter_site.events.models import Event
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(function, count: int = 4) -> list:
    results = []
    barrier = threading.Barrier(count)

    def run():
        barrier.wait()
        results.append(function())
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_four_workers_share_the_rows_without_taking_one_twice():
    organisation = make_cast().organisation
    now = timezone.now()
    made = {Event.objects.create(organisation=organisation, type="x", due_at=now).pk for _ in range(12)}
    rows = Event.objects.unscoped("the test looks at everything")
    claimed = [row.pk for found in at_once(lambda: claim_due(rows.all(), limit=12)) for row in found]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == made


def test_of_four_beats_one_ticks():
    assert sum(at_once(lambda: tick_lease("sweep", 60))) == 1

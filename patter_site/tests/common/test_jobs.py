from datetime import timedelta

import pytest
from django.utils import timezone

from patter_site.common.jobs import backoff_s, claim, claim_due, extend, fail, finish, tick_lease
from patter_site.common.models import DurableWork, NamedLease
from patter_site.events.models import Event
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db


def make_work(count: int = 1, due_in_s: float | None = -1) -> list[Event]:
    organisation = make_cast().organisation
    due_at = None if due_in_s is None else timezone.now() + timedelta(seconds=due_in_s)
    return [Event.objects.create(organisation=organisation, type="x", due_at=due_at) for _ in range(count)]


def all_work():
    return Event.objects.unscoped("the test looks at everything")


def test_what_is_due_is_claimed_once():
    make_work(3)
    assert len(claim_due(all_work(), limit=2)) == 2
    assert len(claim_due(all_work())) == 1
    assert claim_due(all_work()) == []


def test_what_is_not_due_yet_or_never_waits():
    make_work(due_in_s=60)
    assert claim_due(all_work()) == []
    Event.objects.unscoped("test").update(due_at=None)
    assert claim_due(all_work()) == []


def test_of_two_who_saw_the_same_row_one_gets_it():
    make_work()
    mine, theirs = all_work().get(), all_work().get()
    assert claim(mine)
    assert not claim(theirs)


def test_work_that_a_dead_process_left_is_claimed_again_and_fenced():
    make_work()
    [dead] = claim_due(all_work(), lease_s=-1)
    [alive] = claim_due(all_work())
    assert alive.tries == 2
    assert not finish(dead)
    assert not fail(dead, "late", retry_in_s=1)
    assert not extend(dead)
    assert finish(alive)
    assert all_work().get().state == DurableWork.State.DONE


def test_a_failure_comes_back_later_or_never():
    make_work()
    [row] = claim_due(all_work())
    assert fail(row, "busy", retry_in_s=60)
    assert claim_due(all_work()) == []
    all_work().update(due_at=timezone.now())
    [row] = claim_due(all_work())
    assert fail(row, "e" * 5000, retry_in_s=None)
    kept = all_work().get()
    assert (kept.state, kept.due_at, len(kept.last_error)) == (DurableWork.State.FAILED, None, 500)


def test_waiting_grows_to_a_limit():
    assert 3.75 <= backoff_s(1) <= 6.25
    assert 15 <= backoff_s(3) <= 25
    assert backoff_s(1000) <= 3600 * 1.25


def test_a_tick_runs_once_in_its_time_however_many_beats():
    assert tick_lease("sweep", 60)
    assert not tick_lease("sweep", 60)
    NamedLease.objects.update(lease_until=timezone.now())
    assert tick_lease("sweep", 60)

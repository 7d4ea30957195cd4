import time

import pytest
from celery import Celery
from django.db import transaction

from patter_site.common import jobs
from patter_site.common.environment import Shape
from patter_site.common.jobs import wake

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reached():
    """The queue is tried again at once, here and in the tests after these."""
    yield
    jobs._Queue.away_until = 0.0


class Task:
    name = "task"

    def __init__(self, error: Exception | None = None):
        self.sent = []
        self.error = error

    def apply_async(self, args, **options):
        if self.error:
            raise self.error
        self.sent.append(args)


def test_a_task_is_sent_after_the_commit(django_capture_on_commit_callbacks):
    task = Task()
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            wake(task, "call_1")
            assert task.sent == []
    assert task.sent == [("call_1",)]


def test_a_queue_that_is_down_breaks_nothing(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        wake(Task(ConnectionError("down")))


def test_while_it_is_down_nobody_waits_for_it_and_then_it_is_tried_again(django_capture_on_commit_callbacks):
    task = Task()
    with django_capture_on_commit_callbacks(execute=True):
        wake(Task(ConnectionError("down")))
        wake(task, "call_1")
    assert task.sent == []
    jobs._Queue.away_until = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        wake(task, "call_2")
    assert task.sent == [("call_2",)]


def test_a_redis_that_is_not_there_is_given_up_at_once(django_capture_on_commit_callbacks):
    """By itself Celery tries for six seconds, and Telnyx repeats what is not answered within two."""
    there = Shape(postgres=True, redis_url="redis://127.0.0.1:9/0")
    app = Celery(broker=there.broker_url(), set_as_current=False)
    app.conf.broker_transport_options = there.broker_options()

    @app.task
    def nothing() -> None:
        """Goes nowhere."""

    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        wake(nothing)
    assert jobs._Queue.away_until > began and time.monotonic() - began < 2

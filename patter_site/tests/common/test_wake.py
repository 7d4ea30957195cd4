import pytest
from django.db import transaction

from patter_site.common.jobs import wake

pytestmark = pytest.mark.django_db


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

"""The queue. Every job is a row; a task only shortens the wait for it."""

from __future__ import annotations

import os

from celery import Celery

from patter_site.common import memory_queue

memory_queue.register()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patter_site.settings")

app = Celery("patter_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Without it the threads of an embedded worker see an application that has no settings.
app.set_default()
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="notice_tasks")

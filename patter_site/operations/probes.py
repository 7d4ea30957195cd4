"""Whether the parts that a process needs do answer. Each raises what went wrong."""

from __future__ import annotations

import uuid

import redis
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from patter_site.operations.migrations_state import missing_migrations

_migrated = False


class NotReady(RuntimeError):
    """A part answers, but not as it must."""


def probe_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def probe_migrations() -> None:
    """Once they were complete they stay so for the life of this process."""
    global _migrated
    if _migrated:
        return
    if missing := missing_migrations():
        raise NotReady(f"{len(missing)} migrations are missing")
    _migrated = True


def probe_redis() -> None:
    """Nothing to ask in an embedded installation."""
    if not settings.PATTER_REDIS_URL:
        return
    client = redis.Redis.from_url(settings.PATTER_REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    finally:
        client.close()


def probe_storage() -> None:
    """Write, read, delete."""
    name = default_storage.save(f"doctor/{uuid.uuid4().hex}", ContentFile(b"patter"))
    try:
        with default_storage.open(name) as file:
            if file.read() != b"patter":
                raise NotReady("what was written is not what is read")
    finally:
        default_storage.delete(name)

"""The threads that read and write for live calls keep their connection to SQLite."""

import asyncio

import pytest
from django.db import connection

from calls.adapters.threads import write_in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def ask() -> object:
    """The thread's own connection, used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection.connection


async def asked_twice() -> list[object]:
    return [await write_in_thread(ask), await write_in_thread(ask)]


def test_sqlite_stays_open_between_two_batches():
    first, second = asyncio.run(asked_twice())
    assert first is second or connection.vendor != "sqlite"  # others come from a pool

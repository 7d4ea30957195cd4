"""The platform's application with work beside it, in the same process, while ``LOAD_FILE`` exists.

One thread runs a query of 150 ms each second; another inserts 100,000 rows, as an import of contacts
would: in transactions of at most 500. What the loop noticed of it goes to ``LOAD_REPORT``.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from patter_site.asgi import application as platform

ROWS, BATCH = 100_000, 500
QUERY_S = 0.15
TICK_S = 0.02
LOAD_FILE = Path(os.environ["LOAD_FILE"])
REPORT = Path(os.environ["LOAD_REPORT"])

report: dict[str, Any] = {"inserted": 0, "insert_s": 0.0, "queries": 0, "longest_query_ms": 0, "lags_ms": []}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        watching = asyncio.create_task(_watch())
        try:
            await platform(scope, receive, send)
        finally:
            watching.cancel()
        return
    await platform(scope, receive, send)


async def _watch() -> None:
    """Measure how late the loop is, and start the work when the test says so."""
    while not _loaded():  # noqa: ASYNC110 (another process makes the file)
        await asyncio.sleep(TICK_S)
    workers = [threading.Thread(target=work, daemon=True) for work in (_query, _insert)]
    for worker in workers:
        worker.start()
    due = time.perf_counter() + TICK_S
    while _loaded():
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        report["lags_ms"].append(round((time.perf_counter() - due) * 1000, 1))
        due = max(due + TICK_S, time.perf_counter())
    _write_report()


def _loaded() -> bool:
    return LOAD_FILE.exists()


def _write_report() -> None:
    REPORT.write_text(json.dumps(report))


def _query() -> None:
    """A slow query: on SQLite it is the database's own C code that takes the time."""
    from django.db import connection

    connection.ensure_connection()
    connection.connection.create_function("wait_s", 1, lambda s: time.sleep(s) or 1)
    while LOAD_FILE.exists():
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*), wait_s(%s) FROM calls_call", [QUERY_S])
            cursor.fetchall()
        took = time.perf_counter() - began
        report["queries"] += 1
        report["longest_query_ms"] = max(report["longest_query_ms"], round(took * 1000))
        time.sleep(max(0.0, 1.0 - took))
    connection.close()


def _insert() -> None:
    from django.db import connection, transaction

    from calls.models import Call, CallEvent

    call = Call.objects.unscoped("a test's load").first()
    assert call is not None
    began = time.perf_counter()
    for start in range(0, ROWS, BATCH):
        rows = [
            CallEvent(
                organisation_id=call.organisation_id, call_id=call.pk, kind="test.load", data={"row": n}
            )
            for n in range(start, start + BATCH)
        ]
        with transaction.atomic():
            CallEvent.objects.bulk_create(rows, batch_size=BATCH)
        report["inserted"] += len(rows)
        if not LOAD_FILE.exists():
            break
    report["insert_s"] = round(time.perf_counter() - began, 1)
    connection.close()

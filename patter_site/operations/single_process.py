"""Without Redis everything lives in one process, and a second one on the same database would break calls."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO, Any

import psycopg
from django.db import connection

REFUSAL = (
    "Another Patter process uses this database already; without PATTER_REDIS_URL there can be only one. "
    "Stop the other one, or set PATTER_REDIS_URL and PATTER_DATABASE_URL to run several."
)
ADVISORY_LOCK = 0x_7061_7474  # "patt"


class AlreadyRunning(RuntimeError):
    """A second embedded process. The message is a sentence for the terminal."""

    def __init__(self) -> None:
        super().__init__(REFUSAL)


class SingleProcess:
    """A lock that the operating system, or PostgreSQL, releases when this process ends."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._session: psycopg.Connection[Any] | None = None

    def acquire(self) -> None:
        """Raises AlreadyRunning. Nothing happens when this process holds the lock."""
        if self._file is not None or self._session is not None:
            return
        if connection.vendor == "postgresql":
            self._lock_session()
        else:
            self._lock_file(Path(f"{connection.settings_dict['NAME']}.lock"))

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._session is not None:
            self._session.close()
        self._file = self._session = None

    def _lock_file(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise AlreadyRunning from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def _lock_session(self) -> None:
        # A session of its own: one of the pool's would lose the lock when it is recycled.
        params = {
            k: v for k, v in connection.get_connection_params().items() if k not in ("pool", "cursor_factory")
        }
        params.pop("context", None)
        session = psycopg.connect(**params, autocommit=True)
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK]).fetchone()
        if not (row and row[0]):
            session.close()
            raise AlreadyRunning
        self._session = session


single_process = SingleProcess()

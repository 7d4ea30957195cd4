"""The platform as operators run it: real processes in a folder of their own, in either shape."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.system.prepared import FILE, prepared

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 150.0
STOP_WITHIN_S = 60.0
BEHIND_THE_WORLD = 5
"""Niceness. Carriers, vendors and callers live in the test's own process, and are never slow in real life."""
SECRETS = {"PATTER_SECRET_KEY": "s" * 40, "PATTER_ENCRYPTION_KEY": "e" * 40}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Part:
    """One process of the platform."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    async def ended(self, within_s: float = STOP_WITHIN_S) -> int:
        """The exit code, as soon as there is one."""
        return await asyncio.to_thread(self.process.wait, within_s)


@dataclass
class Platform:
    """``database`` empty: SQLite in the folder. ``redis`` empty: embedded, one process."""

    folder: Path
    simulator_url: str
    database: str = ""
    redis: str = ""
    more: dict[str, str] = field(default_factory=dict)
    niceness: int = BEHIND_THE_WORLD
    port: int = field(default_factory=free_port)
    media_port: int = field(default_factory=free_port)
    parts: dict[str, Part] = field(default_factory=dict)
    workspaces: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Made already, and nobody's yet: by name, what ``create_workspace --json`` printed."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sockets(self) -> str:
        """The base of media sockets, ``ws://…``."""
        return f"ws://127.0.0.1:{self.media_port if self.redis else self.port}"

    def environment(self) -> dict[str, str]:
        dropped = ("PATTER_", "PYTEST", "DJANGO_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        path = os.pathsep.join(str(ROOT / part) for part in (".", "numbers", "sdk/python"))
        own = {
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
            "PATTER_DATABASE_URL": self.database or f"sqlite:///{self.folder / FILE}",
            "PATTER_STORAGE_URL": f"file://{self.folder / 'storage'}",
            "PATTER_PUBLIC_URL": self.base,
            "PATTER_ALLOWED_HOSTS": "127.0.0.1",
            "PATTER_TWILIO_BASE_URL": self.simulator_url,
        }
        if self.redis:
            own["PATTER_REDIS_URL"] = self.redis
            own["PATTER_MEDIA_URL"] = f"http://127.0.0.1:{self.media_port}"
        return {**kept, **SECRETS, **own, **self.more}

    # -- processes --------------------------------------------------------------------------------

    def start_part(self, name: str, *command: str) -> Part:
        log = self.folder / f"{name}-{time.monotonic_ns()}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["nice", "-n", str(self.niceness), sys.executable, *command],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.parts[name] = Part(name, process, log)
        return self.parts[name]

    async def start_embedded(self) -> Part:
        """One process on SQLite, as ``./dev run`` starts it."""
        await self._prepare()
        part = self.start_part("serve", "manage.py", "serve", "--port", str(self.port))
        await self.wait_ready(part, self.port)
        return part

    async def start_asgi(self, application: str) -> Part:
        """One embedded process whose application is another one, around the platform's."""
        await self._prepare()
        part = self.start_uvicorn("asgi", self.port, application)
        await self.wait_ready(part, self.port)
        return part

    async def _prepare(self) -> None:
        """A folder that is empty gets a database."""
        if not (self.folder / FILE).exists():
            made = await asyncio.to_thread(prepared, ROOT, self.environment())
            await asyncio.to_thread(made.copy_to, self.folder)
            self.workspaces = dict(made.workspaces)

    async def start_separate(self) -> None:
        """Web, media and worker as processes of their own, on PostgreSQL and Redis."""
        await self.manage("migrate", "-v0")
        web = self.start_uvicorn("web", self.port)
        self.start_worker()
        await self.wait_ready(web, self.port)
        await self.start_media()

    def start_worker(self) -> Part:
        beat = str(self.folder / "beat")
        return self.start_part(
            "worker", "-m", "celery", "-A", "patter_site", "worker", "-B", "-s", beat, "-c", "2"
        )

    async def start_media(self) -> Part:
        part = self.start_uvicorn("media", self.media_port)
        await self.wait_ready(part, self.media_port)
        return part

    async def kill_part(self, name: str) -> None:
        """It and all its children are gone at once."""
        part = self.parts[name]
        os.killpg(part.process.pid, signal.SIGKILL)
        await part.ended()

    async def stop_part(self, name: str) -> None:
        part = self.parts[name]
        part.send(signal.SIGTERM)
        await part.ended()

    def start_uvicorn(self, name: str, port: int, application: str = "patter_site.asgi:application") -> Part:
        options = ("--port", str(port), "--ws", "websockets-sansio", "--no-access-log")
        return self.start_part(name, "-m", "uvicorn", application, *options)

    async def wait_ready(self, part: Part, port: int) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < deadline and part.process.poll() is None:
                try:
                    answer = await http.get(f"http://127.0.0.1:{port}/health/ready")
                    if answer.status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(f"{part.name} did not become ready:\n{part.said}")

    async def stop(self) -> None:
        """End every process that still runs."""
        alive = [part for part in self.parts.values() if part.process.poll() is None]
        for part in alive:
            part.send(signal.SIGTERM)
        for part in alive:
            try:
                await part.ended()
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()
                raise AssertionError(f"{part.name} did not stop:\n{part.said[-4000:]}") from None

    def lines(self) -> Iterator[str]:
        """Everything that its processes have said."""
        for log in self.folder.glob("*.log"):
            yield from log.read_text(errors="replace").splitlines()

    def tracebacks(self) -> str:
        """What the processes said, if anything went wrong in a way that nobody expected."""
        bad = [part for part in self.parts.values() if "Traceback" in part.said]
        return "\n".join(f"--- {part.name}\n{part.said[-6000:]}" for part in bad)

    # -- looking in -------------------------------------------------------------------------------

    async def manage(self, *words: str) -> str:
        """Run a management command. Raises AssertionError with what it said."""
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=READY_WITHIN_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the platform's own database, for what no interface shows."""
        return await asyncio.to_thread(self._rows, query)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.database:
            with psycopg.connect(self.database, autocommit=True) as connection:
                return connection.execute(query.encode()).fetchall()
        connection = sqlite3.connect(self.folder / FILE, timeout=60)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

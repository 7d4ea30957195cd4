"""The platform as users run it, on a core of its own, with a database of its own."""

from __future__ import annotations

import contextlib
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import BenchFailed, Child, child, free_port

START_S = 60.0
FLOORS = {"pipeline": "benchmarks.floor", "realtime": "benchmarks.realtime_floor"}


@dataclass(frozen=True, slots=True)
class Account:
    """The carrier account that the calls belong to."""

    account_sid: str = field(default_factory=lambda: "AC" + secrets.token_hex(16))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Target:
    """Something that calls can be made to. ``process``: whose CPU and memory count.

    ``sdk_url`` and ``api_key`` are where a handler connects.
    """

    process: Child
    numbers: list[dict[str, str]]
    sdk_url: str = ""
    api_key: str = ""

    def numbers_of(self, mode: str, reply_by: str) -> list[dict[str, str]]:
        """The numbers of such agents, as the carrier takes them. A floor has one number for everything."""
        of_agents = ("mode", "reply_by")
        return [
            {name: value for name, value in number.items() if name not in of_agents}
            for number in self.numbers
            if (number.get("mode", mode), number.get("reply_by", reply_by)) == (mode, reply_by)
        ]


@contextlib.contextmanager
def providers(folder: Path, core: int | None) -> Iterator[int]:
    """The providers' port."""
    with child("providers", ["-m", "benchmarks.providers"], folder=folder, core=core) as process:
        yield process.read(START_S)["port"]


@contextlib.contextmanager
def floor(folder: Path, core: int | None, provider_port: int, mode: str) -> Iterator[Target]:
    program = FLOORS[mode]
    with child("floor", ["-m", program, str(provider_port)], folder=folder, core=core) as process:
        port = process.read(START_S)["port"]
        yield Target(process, [{"preset": "floor", "media_url": f"ws://127.0.0.1:{port}/media"}])


@contextlib.contextmanager
def handler(folder: Path, core: int | None, target: Target) -> Iterator[None]:
    """A customer's process, connected, beside the load."""
    arguments = ["-m", "benchmarks.handler", target.sdk_url, target.api_key]
    with child("handler", arguments, folder=folder, core=core) as process:
        process.read(START_S)
        yield


@contextlib.contextmanager
def platform(
    folder: Path,
    core: int | None,
    provider_port: int,
    account: Account,
    *,
    extra: Mapping[str, str] | None = None,
    shape: str = "embedded",
) -> Iterator[Target]:
    """Migrated, seeded, serving."""
    port = free_port()
    base, provider = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}"
    settings = {
        "DJANGO_SETTINGS_MODULE": "patter_site.settings",
        "PATTER_DEBUG": "0",
        "PATTER_SECRET_KEY": secrets.token_hex(32),
        "PATTER_ENCRYPTION_KEY": secrets.token_hex(32),
        "PATTER_PUBLIC_URL": base,
        "PATTER_MEDIA_URL": base,
        "PATTER_REDIS_URL": "",
        "PATTER_STORAGE_URL": f"file://{folder / 'storage'}",
        "PATTER_DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
        "PATTER_DEEPGRAM_BASE_URL": provider,
        "PATTER_OPENAI_BASE_URL": provider,
        "PATTER_ELEVENLABS_BASE_URL": provider,
        "PATTER_TWILIO_BASE_URL": provider,
        "PATTER_ALLOW_PRIVATE_URLS": "127.0.0.0/8",
        **(extra or {}),
    }
    seeding = ["-m", "benchmarks.seed", account.account_sid, account.auth_token]
    with child("seed", seeding, folder=folder, extra=settings) as seeded:
        made = seeded.read(START_S)
    serving = ["manage.py", "serve", "--port", str(port)]
    with child(
        f"platform-{shape}", serving, folder=folder, core=core, extra=settings, piped=False
    ) as process:
        _wait_until_ready(process, f"{base}/health/live")
        yield Target(
            process,
            [
                {
                    **number,
                    "voice_url": f"{base}/webhooks/twilio/voice",
                    "status_url": f"{base}/webhooks/twilio/status",
                }
                for number in made["numbers"]
            ],
            sdk_url=f"ws://127.0.0.1:{port}/ws/sdk",
            api_key=made["api_key"],
        )


def _wait_until_ready(process: Child, url: str) -> None:
    until = time.monotonic() + START_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until and process.process.poll() is None:
        try:
            with opener.open(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return  # it answers, and that is what counts here
        except OSError:
            time.sleep(0.1)
    raise BenchFailed(f"The platform did not start:\n{process.last_words()}")


@contextlib.contextmanager
def real_servers() -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis of our own, as environment for the platform."""
    from tests.servers import postgres, redis

    with postgres() as database_url, redis() as redis_url:
        yield {"PATTER_DATABASE_URL": database_url, "PATTER_REDIS_URL": redis_url}

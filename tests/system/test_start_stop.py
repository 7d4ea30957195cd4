"""Beginning and ending: signals during a call, a second start, and what must not be started."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from patter.simulators.demo import AGENT
from tests.system.platform import ROOT, Part, Platform, free_port
from tests.system.steps import BOOK, LISTEN, answered
from tests.system.tenant import PATIENCE_S, Tenant, until
from tests.system.world import embedded

logger = logging.getLogger(__name__)
SOON_S = 20
"""For what takes two or three seconds of a processor of our own. The caller would stay for a minute."""


def refusal(platform: Platform, *command: str, **more: str) -> str:
    """What a process says that ends at once with a code that is not 0."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**platform.environment(), **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode not in (0, None)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return said


@pytest.mark.timeout(400)
async def test_a_signal_during_a_call_ends_it_in_order(tmp_path):
    """Both at the same time, each with a platform of its own. One waits for its calls, and is told twice."""
    for number in (signal.SIGINT, signal.SIGTERM):
        (tmp_path / number.name).mkdir()
    starting = asyncio.Lock()
    signals = (signal.SIGINT, signal.SIGTERM)
    await asyncio.gather(*(stop_and_start_again(tmp_path / one.name, one, starting) for one in signals))


def cpu_s(part: Part) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{part.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def stop_and_start_again(folder: Path, number: signal.Signals, starting: asyncio.Lock) -> None:
    insists = number == signal.SIGINT
    async with embedded(folder, PATTER_DRAIN_S="60" if insists else "0") as world:
        platform = world.platform
        tenant = await world.tenant()
        call = await tenant.ring([BOOK, LISTEN])
        await answered(call)
        call_id = (await tenant.found(call))["id"]
        part = platform.parts["serve"]
        if insists:
            part.send(number)
            await takes_on_nothing_new(platform)
        asked_at = time.monotonic()
        part.send(number)
        assert await part.ended(60) == 0, part.said
        took_s = time.monotonic() - asked_at
        await call.ended()
        assert took_s < SOON_S, "it waited for the call"
        assert call.cause == "application_hung_up"
        assert "Traceback" not in part.said
        async with starting:
            began = time.monotonic()
            part = await platform.start_embedded()
            start_s = time.monotonic() - began
        logger.warning("stopped in %.2f s, started again in %.2f s", took_s, start_s)
        # A machine that is busy with something else says nothing about the wall clock.
        assert min(cpu_s(part), start_s) < SOON_S
        row = await tenant.settled(call_id)
        assert row["end_reason"] == "worker_lost"
        assert (await tenant.told(call_id)).count("call.ended") == 1
        turns = await tenant.turns(call_id)
        assert [turn["text"] for turn in turns][:2] == [AGENT["first_message"], BOOK["say"]]
        assert turns[-1]["text"] == "Goodbye."
        assert await tenant.live_calls() == []
        if insists:
            await the_last_call_ends_it(platform, tenant)
        else:
            await asyncio.to_thread(refuse_a_second_process, platform)


async def takes_on_nothing_new(platform: Platform) -> None:
    """Wait until the process says that it stops."""
    async with httpx.AsyncClient(base_url=platform.base, trust_env=False) as http:

        async def look() -> bool:
            return (await http.get("/health/ready")).status_code == 503

        await until(look, PATIENCE_S, lambda: "it is still ready")


async def the_last_call_ends_it(platform: Platform, tenant: Tenant) -> None:
    """A process that may wait lets its callers finish; whoever calls meanwhile hears the busy tone."""
    part = platform.parts["serve"]
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    call_id = (await tenant.found(call))["id"]
    part.send(signal.SIGTERM)
    await takes_on_nothing_new(platform)
    late = await tenant.ring([LISTEN])
    await late.ended()
    assert (late.cause, late.status) == ("rejected", "busy")
    assert not call.is_over and part.process.poll() is None
    call.end("caller_hung_up")
    assert await part.ended(60) == 0, part.said
    rows = await platform.rows("SELECT id, end_reason FROM calls_call ORDER BY id DESC")
    assert rows[0] == (call_id, "caller_hung_up"), "and nothing was written down of the late one"


def refuse_a_second_process(platform: Platform) -> None:
    serve = refusal(platform, "manage.py", "serve", "--port", str(free_port()))
    assert "there can be only one" in serve
    asgi = ("-m", "uvicorn", "patter_site.asgi:application", "--port", str(free_port()))
    assert "there can be only one" in refusal(platform, *asgi)


def test_sqlite_with_redis_is_refused_in_one_sentence(tmp_path):
    platform = Platform(tmp_path, "http://127.0.0.1:9")
    redis = {"PATTER_REDIS_URL": "redis://127.0.0.1:9/0"}
    said = refusal(platform, "manage.py", "serve", "--port", "0", **redis)
    assert said.startswith("SQLite with Redis cannot work") and len(said.strip().splitlines()) == 1
    asgi = ("-m", "uvicorn", "patter_site.asgi:application", "--port", str(free_port()))
    assert refusal(platform, *asgi, **redis) == said

"""The whole process, as a user starts it: up, answering, working, alone, and down again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from patter_site.operations.simulator import free_port

ROOT = Path(__file__).resolve().parents[3]
TICK = """
from django.db import connection
from patter_site.common.models import NamedLease
print(NamedLease.objects.filter(name="sweep:idempotency").count())
"""


def environment(scratch: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PATTER_", "PYTEST"))}
    path = os.pathsep.join(str(ROOT / part) for part in (".", "numbers", "sdk/python"))
    secrets = {"PATTER_SECRET_KEY": "s" * 40, "PATTER_ENCRYPTION_KEY": "e" * 40}
    database = f"sqlite:///{scratch / 'patter.sqlite3'}"
    return {**kept, **secrets, "PYTHONPATH": path, "PATTER_DATABASE_URL": database, "PATTER_DEBUG": "1"}


def manage(scratch: Path, *words: str, **options) -> subprocess.Popen[str]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [sys.executable, "manage.py", *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment(scratch), **pipes, **options)


def wait_until_up(base: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{base}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    process.kill()
    pytest.fail(process.communicate()[0])


@pytest.mark.timeout(500)
def test_one_process_serves_works_stays_alone_and_ends(tmp_path):
    port = free_port()
    process = manage(tmp_path, "serve", "--port", str(port))
    wait_until_up(f"http://127.0.0.1:{port}", process)

    second, _ = (other := manage(tmp_path, "serve", "--port", "0")).communicate(timeout=120)
    assert other.returncode == 1
    assert "there can be only one" in second
    assert "Traceback" not in second

    deadline = time.monotonic() + 120
    while (count := manage(tmp_path, "shell", "-v0", "-c", TICK).communicate()[0].strip()) != "1":
        assert time.monotonic() < deadline, f"no tick came from the embedded beat: {count}"

    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert time.monotonic() - asked_at < 15, "nothing was left to wait for"
    assert "Traceback" not in said

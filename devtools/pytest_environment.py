"""The environment of a test run, loaded by `-p` in pyproject.toml.

pytest-django reads the settings before any conftest is imported, so a conftest would be too late.
"""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

KEPT = ("PATTER_TEST_", "PATTER_CHROME")


def prepare(environment: "os._Environ[str] | dict[str, str]", scratch: Path, worker: str) -> None:
    """Replace a developer's own PATTER_ variables by those of a test."""
    for name in [name for name in environment if name.startswith("PATTER_") and not name.startswith(KEPT)]:
        del environment[name]
    environment["PATTER_SECRET_KEY"] = "a-secret-key-for-tests-and-for-nothing-else"
    environment["PATTER_ENCRYPTION_KEY"] = "an-encryption-key-for-tests-and-nothing-else"
    environment["PATTER_PUBLIC_URL"] = "https://patter.test"
    environment["PATTER_ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1,patter.test"
    # Strict servers on loopback stand in for those of customers and providers.
    environment["PATTER_ALLOW_PRIVATE_URLS"] = "127.0.0.0/8,::1/128"
    environment["PATTER_TEST_SCRATCH"] = str(scratch)
    database = environment.get("PATTER_TEST_DATABASE_URL") or f"sqlite:///{scratch / 'patter.sqlite3'}"
    environment["PATTER_DATABASE_URL"] = database
    if redis := environment.get("PATTER_TEST_REDIS_URL"):
        # Each worker of pytest-xdist empties its own database. Published messages still reach all of them.
        number = int(worker.removeprefix("gw") or 0)
        environment["PATTER_REDIS_URL"] = f"{redis.rstrip('/').removesuffix('/0')}/{number}"


_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
_scratch = Path(tempfile.mkdtemp(prefix="patter-test-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
prepare(os.environ, _scratch, _worker)
if not _worker:
    # A suite that is told to stop puts its things away, as it does after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell begins what runs in the background like this; programs under test would never be interrupted.
    signal.signal(signal.SIGINT, signal.default_int_handler)

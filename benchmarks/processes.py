"""Processes of the benchmark: started on a core of their own, watched through /proc, always ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks.figures import Usage

ROOT = Path(__file__).resolve().parent.parent
TICKS_S = os.sysconf("SC_CLK_TCK")
STOP_S = 10.0
REST_S, RESTING = 1.0, 0.03
"""A process that used less than this share of a core for so long is at rest."""
REST_WITHIN_S = 60.0


class BenchFailed(RuntimeError):
    """The benchmark cannot go on. The message is a sentence."""


def cores() -> tuple[int | None, int | None]:
    """One core for what makes the load, one for what is measured; None where they cannot be chosen."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    paths = [str(ROOT), str(ROOT / "numbers"), str(ROOT / "sdk" / "python")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", **(extra or {})}


class Child:
    """A process whose standard output is read line by line as JSON; its errors go to a file."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self._rest = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self, timeout_s: float) -> Any:
        """The next line. Raises BenchFailed when none comes in time."""
        assert self.process.stdout is not None
        until = time.monotonic() + timeout_s
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
            if not piece:
                how = (
                    f"ended with {self.process.wait(STOP_S)}"
                    if ready
                    else f"said nothing for {timeout_s:g} s"
                )
                raise BenchFailed(f"The {self.name} {how}. Its last words:\n{self.last_words()}")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return orjson.loads(line)

    def last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-3000:] if self.log.exists() else ""

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def child(
    name: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    core: int | None = None,
    extra: Mapping[str, str] | None = None,
    piped: bool = True,
) -> Iterator[Child]:
    """Run Python with these arguments until the block ends."""
    log = folder / f"{name}.log"

    def place() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else errors,
            stderr=errors,
            preexec_fn=place,
        )
    started = Child(name, process, log)
    try:
        yield started
    finally:
        started.stop()


# -- what a tree of processes uses ------------------------------------------------------------


def usage(pid: int) -> Usage:
    """CPU seconds (user and system) and resident memory of a process and its children."""
    cpu = rss = 0.0
    for each in _tree(pid):
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / TICKS_S
            pages = int(Path(f"/proc/{each}/statm").read_text().split()[1])
            rss += pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return Usage(cpu, rss)


def wait_for_rest(pid: int) -> None:
    """Until it has written down and joined what its calls left: that is not the next calls' work."""
    until = time.monotonic() + REST_WITHIN_S
    before = usage(pid).cpu_s
    while time.monotonic() < until:
        time.sleep(REST_S)
        now = usage(pid).cpu_s
        if now - before <= RESTING * REST_S:
            return
        before = now


def _tree(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for each in (task / "children").read_text().split():
                found += _tree(int(each))
    return found

"""`./dev bench`: the performance report."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks import machine, recording, report
from benchmarks.false_pauses import false_pauses
from benchmarks.figures import Row, Usage, make_row
from benchmarks.processes import BenchFailed, Child, child, cores, usage, wait_for_rest
from benchmarks.stages import reply_ms_since_now
from benchmarks.system import Account, Target, floor, handler, platform, providers, real_servers

ROWS = {
    "pipeline": ("pipeline", "model"),
    "handler": ("pipeline", "handler"),
    "realtime": ("realtime", "model"),
}
"""What can be measured: the mode, and who replies."""
CALLS = "1,10,25,50,100"
STEP = 25
MOST_CALLS = 400
STEP_SECONDS = 15.0


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument(
        "--rows",
        default="pipeline,handler,realtime",
        help="pipeline (the model replies), handler (pipeline, over /ws/sdk), realtime, or none",
    )
    parser.add_argument("--calls", help=f"calls at once, one row for each ({CALLS})")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured time of a row")
    parser.add_argument("--floor", action="store_true", help="with a pass-through bridge in the same run")
    parser.add_argument("--long", action="store_true", help="rows of five minutes")
    parser.add_argument(
        "--recording",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="look at the recording of a call of this length among others (--long: 30)",
    )
    parser.add_argument(
        "--steps",
        action=argparse.BooleanOptionalAction,
        help="find out how many calls one core carries (where --calls does not say how many there are)",
    )
    parser.add_argument("--shape", choices=["embedded", "servers"], default="embedded")
    parser.add_argument("--no-pauses", action="store_true", help="without the row of false pauses")
    parser.add_argument("--json", type=Path, help="write the report as JSON, too")
    options = parser.parse_args(given)
    options.rows = [row for row in options.rows.split(",") if row not in ("", "none")]
    if unknown := [row for row in options.rows if row not in ROWS]:
        parser.error(f"there is no row {unknown[0]!r}; there are {', '.join(ROWS)}")
    if options.steps is None:
        options.steps = bool(options.rows) and options.calls is None
    options.calls = sorted({int(count) for count in (options.calls or CALLS).split(",") if count})
    if options.long:
        options.seconds = 300.0
        options.recording = options.recording or 30.0
    return options


@dataclass(frozen=True, slots=True)
class Subject:
    """What rows are measured of."""

    mode: str
    reply_by: str
    system: str
    target: Target

    @property
    def name(self) -> tuple[str, str, str]:
        return self.mode, self.reply_by, self.system


class Bench:
    """One run: rows of the floor and of the platform, against the same carrier and providers."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._load_core, self._system_core = cores()
        self._account = Account()
        self._modes = list(dict.fromkeys(ROWS[row][0] for row in options.rows))
        self._floor_cpu: dict[tuple[str, int], float] = {}
        self.rows: list[Row] = []
        self.troubles: list[str] = []
        self.calls_per_core: int | None = None
        self.recording: dict[str, Any] | None = None

    @property
    def placement(self) -> str:
        if self._load_core is None:
            return "cores could not be chosen: load and system share them"
        return f"load on core {self._load_core}, system alone on core {self._system_core}"

    def run(self) -> None:
        with (
            providers(self._folder, self._load_core) as port,
            contextlib.ExitStack() as floors,
            self._platform(port) as target,
        ):
            chosen = [ROWS[row] for row in self._options.rows]
            for mode in self._modes:
                rows = [Subject(mode, by, "patter", target) for at, by in chosen if at == mode]
                if self._options.floor:
                    bridge = floors.enter_context(floor(self._folder, self._system_core, port, mode))
                    rows.insert(0, Subject(mode, "-", "floor", bridge))
                self._rows(rows)
            if self._options.steps:
                self._steps(target)
            if self._options.recording:
                self._look_at_recording(target)

    def _whoever(self, reply_by: str, target: Target) -> contextlib.AbstractContextManager[None]:
        if reply_by == "handler":
            return handler(self._folder, self._load_core, target)
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def _platform(self, port: int) -> Iterator[Target]:
        servers = self._options.shape == "servers"
        none: contextlib.AbstractContextManager[Any] = contextlib.nullcontext({})
        with real_servers() if servers else none as extra:
            shape = self._options.shape
            with platform(
                self._folder, self._system_core, port, self._account, extra=extra, shape=shape
            ) as target:
                yield target

    def _rows(self, subjects: list[Subject]) -> None:
        """Each number of calls with the floor first: a machine that is slow for minutes is so for both."""
        idle = [self._warmed(subject) for subject in subjects]
        for calls in self._options.calls:
            for subject, at_rest in zip(subjects, idle, strict=True):
                with self._whoever(subject.reply_by, subject.target):
                    row = self._row(subject.name, subject.target, calls, self._options.seconds, at_rest)
                self.rows.append(row)
                if subject.system == "floor":
                    self._floor_cpu[subject.mode, calls] = row.cpu_s_per_call_minute or 0.0

    def _warmed(self, subject: Subject) -> Usage:
        """The first call imports what calls need: it is nobody's share of memory."""
        with self._whoever(subject.reply_by, subject.target):
            self._load(subject.target, subject.name, 2, 3.0)
        wait_for_rest(subject.target.process.pid)
        return usage(subject.target.process.pid)

    def _row(
        self, name: tuple[str, str, str], target: Target, calls: int, seconds: float, idle: Usage
    ) -> Row:
        _tell(f"{' '.join(name)}: {calls} calls for {seconds:g} s …")
        reply_ms = reply_ms_since_now(self._folder)
        result, before, after = self._load(target, name, calls, seconds)
        self.troubles += result["troubles"]
        wait_for_rest(target.process.pid)
        row = make_row(
            name=name,
            calls=calls,
            result=result,
            before=before,
            after=after,
            idle=idle,
            floor_cpu=self._floor_cpu.get((name[0], calls)),
            reply_ms=reply_ms(),
        )
        _tell(
            "  "
            + "  ".join(
                f"{head} {cell}" for head, cell in list(zip(report.HEADS, report.cells(row), strict=True))[4:]
            )
        )
        return row

    def _load(
        self, target: Target, name: tuple[str, str, str], calls: int, seconds: float
    ) -> tuple[dict[str, Any], Usage, Usage]:
        order = {
            "numbers": target.numbers_of(name[0], name[1]),
            "calls": calls,
            "seconds": seconds,
            "account_sid": self._account.account_sid,
            "auth_token": self._account.auth_token,
        }
        text = orjson.dumps(order).decode()
        with child(
            "carrier", ["-m", "benchmarks.carrier", text], folder=self._folder, core=self._load_core
        ) as carrier:
            return self._watch(carrier, target, calls, seconds)

    def _watch(
        self, carrier: Child, target: Target, calls: int, seconds: float
    ) -> tuple[dict[str, Any], Usage, Usage]:
        carrier.read(60.0 + calls * 0.5)
        before = usage(target.process.pid)
        carrier.read(seconds + 60.0)
        after = usage(target.process.pid)
        return carrier.read(120.0), before, after

    def _look_at_recording(self, target: Target) -> None:
        minutes = self._options.recording
        _tell(f"recording: {minutes:g} minutes of one call among {recording.CALLS} …")
        name = ("pipeline", "model", "patter")
        result, before, after = self._load(target, name, recording.CALLS, minutes * 60)
        self.troubles += result["troubles"]
        grown_mb = (after.rss_mb - before.rss_mb) / recording.CALLS
        self.recording = {**recording.look_at(self._folder, result["watched"]), "mb_grown_per_call": grown_mb}

    def _steps(self, target: Target) -> None:
        """More and more calls, until they are not in order any more."""
        idle = usage(target.process.pid)
        mode, reply_by = next(ROWS[row] for row in self._options.rows)
        mine = [
            row for row in self.rows if (row.system, row.mode, row.reply_by) == ("patter", mode, reply_by)
        ]
        good = max((row.calls for row in mine if row.in_order), default=0)
        calls = good + STEP
        while calls <= MOST_CALLS:
            with self._whoever(reply_by, target):
                row = self._row((mode, reply_by, "patter"), target, calls, STEP_SECONDS, idle)
            self.rows.append(row)
            if not row.in_order:
                break
            good, calls = calls, calls + STEP
        self.calls_per_core = good


def main(given: list[str]) -> int:
    options = arguments(given)
    about = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["./dev", "bench", *given]),
        "machine": machine.describe(),
        "shape": options.shape,
    }
    with tempfile.TemporaryDirectory(prefix="patter-bench-") as folder:
        bench = Bench(options, Path(folder))
        try:
            if options.rows or options.recording:
                bench.run()
        except BenchFailed as failed:
            print(f"bench: {failed}", file=sys.stderr)
            return 1
    about |= {
        "placement": bench.placement,
        "rows": [row.as_json() for row in bench.rows],
        "calls_per_core": bench.calls_per_core,
        "recording": bench.recording,
        "false_pauses": [] if options.no_pauses else false_pauses(),
        "troubles": bench.troubles,
    }
    print(report.text(about, bench.rows))
    if options.json:
        options.json.write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2) + b"\n")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`./dev test`: every suite, announced, run and summed up."""

import os
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from . import chromium, node
from .environment import ROOT, SetupFailed, ensure_environment, say
from .processes import python, run

PLATFORM = ("patter_site", "calls", "agents", "numbers", "tools", "billing", "campaigns")
SERVERS = ("PATTER_TEST_DATABASE_URL", "PATTER_TEST_REDIS_URL")
PASSED, FAILED, ABSENT = "passed", "FAILED", "not there yet"
NO_TESTS = 5
"""How pytest ends when it has run nothing."""


@dataclass(frozen=True)
class Suite:
    name: str
    what: str
    folders: tuple[str, ...]
    run: Callable[["Suite", list[str]], int]
    part_of: str = ""
    """The suite that runs this one's folders too: it runs by itself only when it is named."""

    def present(self) -> list[str]:
        return [folder for folder in self.folders if (ROOT / folder).exists()]


def _without_servers() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SERVERS}


def _pytest(*options: str) -> list[str]:
    return python("-m", "pytest", *options)


def _with_servers(command: list[str]) -> list[str]:
    return python("-m", "tests.servers", *command)


def _without_django(suite: Suite, extra: list[str]) -> int:
    no_django = ["-o", "DJANGO_SETTINGS_MODULE="]
    return run(_pytest(*no_django, *suite.present(), *extra), env=_without_servers())


def _launcher(suite: Suite, extra: list[str]) -> int:
    return _without_django(suite, ["-n", "2", "--dist", "worksteal", *extra])


def _sdk(suite: Suite, extra: list[str]) -> int:
    # Most calls run on a clock that jumps and keep a processor busy: what measures time runs after them.
    crowd, alone = ["-n", "3", "--dist", "worksteal", "-m", "not alone"], ["-m", "alone"]
    passes = [_without_django(suite, [*how, *extra]) for how in (crowd, alone)]
    # What is asked for may be all in one of them.
    return max((status for status in passes if status != NO_TESTS), default=NO_TESTS)


def _on_sqlite(suite: Suite, extra: list[str]) -> int:
    return run(_pytest("-n", "2", *suite.present(), *extra), env=_without_servers())


def _on_postgres(suite: Suite, extra: list[str]) -> int:
    # Made anew, and kept at the end: dropping a database that a worker thread still holds costs five seconds.
    return run(_with_servers(_pytest("-n", "2", "--create-db", "--reuse-db", *suite.present(), *extra)))


def _system(suite: Suite, extra: list[str]) -> int:
    # What measures time runs by itself; the rest waits more than it works.
    crowd, alone = ["-n", "3", "--dist", "loadfile", "-m", "not alone"], ["-m", "alone"]
    first, second = (shlex.join(_pytest(*how, *suite.present(), *extra)) for how in (crowd, alone))
    # Both run. Where one has no tests, as when those that failed are tried again, the other one counts.
    worse = f"[ $a = {NO_TESTS} ] && exit $b; [ $b = {NO_TESTS} ] && exit $a; exit $((a > b ? a : b))"
    return run(_with_servers(["sh", "-c", f"{first}; a=$?; {second}; b=$?; {worse}"]))


def _browser(suite: Suite, extra: list[str]) -> int:
    # Playwright keeps an event loop in the tests' thread, beside which Django would refuse every query.
    browser = {"PATTER_CHROME": chromium.find(), "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
    return run(_pytest(*suite.present(), *extra), env={**_without_servers(), **browser})


def _typescript(suite: Suite, extra: list[str]) -> int:
    # `extra` is pytest's.
    environment = node.environment()
    folder = ROOT / "sdk" / "typescript"
    for command in (["npm", "ci"], ["npm", "test"]):
        if status := run(command, env=environment, cwd=folder):
            return status
    return 0


SUITES = {
    suite.name: suite
    for suite in (
        Suite(
            "launcher",
            "this launcher, the documentation, and the measuring",
            ("tests/launcher", "tests/docs", "benchmarks/tests"),
            _launcher,
        ),
        Suite("sdk", "the Python SDK, without Django", ("sdk/python/tests",), _sdk),
        Suite("sqlite", "the platform on SQLite", PLATFORM, _on_sqlite),
        Suite("postgres", "the platform on PostgreSQL and Redis", PLATFORM, _on_postgres),
        Suite(
            "system",
            "whole calls between real processes, and both SDKs against a running platform",
            ("tests/system", "tests/sdk"),
            _system,
        ),
        Suite("cloud", "both SDKs against a running platform", ("tests/sdk",), _system, part_of="system"),
        Suite("browser", "a real browser on the dashboard", ("tests/browser",), _browser),
        Suite("typescript", "the TypeScript SDK", ("sdk/typescript/package.json",), _typescript),
    )
}


def main(arguments: list[str]) -> int:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    asked, extra = arguments[:cut], arguments[cut + 1 :]
    if unknown := [name for name in asked if name not in SUITES]:
        print(f"dev: no suite `{unknown[0]}`. There are: {', '.join(SUITES)}.", file=sys.stderr)
        return 2
    ensure_environment()
    results: list[tuple[str, str, float]] = []
    try:
        for name in asked or [suite.name for suite in SUITES.values() if not suite.part_of]:
            began = time.monotonic()
            result = _result(SUITES[name], extra, asked_for=bool(asked))
            results.append((name, result, time.monotonic() - began))
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    finally:
        _sum_up(results)
    return 0 if all(result in (PASSED, ABSENT) for _, result, _ in results) else 1


def _result(suite: Suite, extra: list[str], *, asked_for: bool) -> str:
    print(f"\n=== {suite.name}: {suite.what} ===", flush=True)
    if not suite.present():
        say(f"{suite.name} is not there yet: no {' or '.join(suite.folders)}")
        return FAILED if asked_for else ABSENT
    try:
        # Status 5 is pytest's "no tests ran": a folder without tests has not passed.
        status = suite.run(suite, extra)
    except SetupFailed as problem:
        print(f"dev: {problem}", file=sys.stderr, flush=True)
        return FAILED
    return f"{FAILED} ({status})" if status else PASSED


def _sum_up(results: list[tuple[str, str, float]]) -> None:
    print("\n=== summary ===")
    for name, result, seconds in results:
        print(f"{name:<12} {result:<14} {seconds:7.1f} s")
    sys.stdout.flush()

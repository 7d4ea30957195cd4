"""`./dev check`: what a machine can say about the code without running it."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from .environment import ROOT, ensure_environment
from .processes import python, run
from .suites import PLATFORM

TYPED = (*PLATFORM, "sdk/python/patter", "sdk/python/examples", "devtools", "benchmarks")


@dataclass(frozen=True)
class Step:
    name: str
    command: Callable[[], list[str]]
    mend: str
    needs: str = "pyproject.toml"


def _typed() -> list[str]:
    """Every package there is, each named: mypy refuses a folder that is missing."""
    folders = [folder for folder in TYPED if folder != "numbers" and any((ROOT / folder).glob("**/*.py"))]
    # A source root holds packages and is none itself.
    return folders + [
        f"numbers/{package.parent.name}" for package in (ROOT / "numbers").glob("*/__init__.py")
    ]


STEPS = (
    Step("format", lambda: python("-m", "ruff", "format", "--check", "."), "./dev check --fix"),
    Step(
        "lint", lambda: python("-m", "ruff", "check", "."), "./dev check --fix mends some; the rest by hand"
    ),
    Step(
        "types",
        lambda: python("-m", "mypy", *_typed()),
        "the lines above name file and line",
        # The Django plugin loads it, and falls over where it is missing.
        needs="patter_site/settings.py",
    ),
    Step(
        "imports",
        lambda: [str(ROOT / ".venv" / "bin" / "lint-imports"), "--no-logo"],
        "an arrow points upwards: see [tool.importlinter] in pyproject.toml",
        needs="patter_site",
    ),
    Step("system check", lambda: python("manage.py", "check"), "the lines above say what", needs="manage.py"),
    Step(
        "migrations",
        lambda: python("manage.py", "makemigrations", "--check", "--dry-run"),
        ".venv/bin/python manage.py makemigrations",
        needs="manage.py",
    ),
)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--fix"]):
        print("dev: check knows only --fix.", file=sys.stderr)
        return 2
    ensure_environment()
    # Source roots beside the root itself; a developer's own switches stay out of it.
    roots = os.pathsep.join(str(ROOT / root) for root in (".", "numbers", "sdk/python"))
    environment = {**os.environ, "PYTHONPATH": roots, "PATTER_DEBUG": "1"}
    if arguments:
        run(python("-m", "ruff", "check", "--fix", "--exit-zero", "--quiet", "."), env=environment)
        run(python("-m", "ruff", "format", "."), env=environment)
    failed: list[Step] = []
    for step in STEPS:
        if not (ROOT / step.needs).exists():
            print(f"=== {step.name}: not there yet ({step.needs} is missing)", flush=True)
            continue
        print(f"=== {step.name}", flush=True)
        began = time.monotonic()
        if run(step.command(), env=environment):
            failed.append(step)
            print(f"    {step.name} FAILED", flush=True)
        else:
            print(f"    {step.name} ok, {time.monotonic() - began:.1f} s", flush=True)
    for step in failed:
        print(f"dev: {step.name} failed; to mend it: {step.mend}", file=sys.stderr)
    return 1 if failed else 0

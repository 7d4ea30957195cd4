"""The package as it is installed: what it needs, how fast it loads, what it offers."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import patter

PACKAGE = Path(patter.__file__).parent
METADATA = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
BASE = {"httpx", "websockets", "starlette", "uvicorn"}
HEAVY = (
    "starlette", "uvicorn", "numpy", "jsonschema", "websockets", "httpx", "patter.cloud", "patter.local",
    "patter.rows",
)  # fmt: skip


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_the_base_packages_are_needed():
    assert {one.partition(">")[0] for one in METADATA["project"]["dependencies"]} == BASE


def test_importing_is_quick_and_brings_no_server():
    code = (
        # Of the processor: what else this machine does is not the package's fault.
        "import time; began = time.process_time(); import patter\n"
        "took = time.process_time() - began\n"
        f"import sys; print(took, *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    took, *loaded = min((run(code).split() for _ in range(5)), key=lambda one: float(one[0]))
    assert loaded == []
    assert float(took) < 0.15


def test_the_licence():
    assert METADATA["project"]["license"] == "MIT"
    assert (PACKAGE.parents[2] / "LICENSE").read_text().startswith("MIT License")


def test_what_is_exported_exists_and_is_sorted():
    assert patter.__all__ == sorted(patter.__all__)
    assert all(hasattr(patter, name) for name in patter.__all__)
    assert (PACKAGE / "py.typed").is_file()

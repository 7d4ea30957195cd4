"""One function for each word of `./dev`."""

import os
from typing import NoReturn

from .environment import LOCK, PYTHON, ROOT, SetupFailed, ensure_environment, find_uv, patiently, say


def run(arguments: list[str]) -> NoReturn:
    os.environ.setdefault("PATTER_DEBUG", "1")
    _become("manage.py", "serve", "--demo", "--port", os.environ.get("PORT", "8000"), *arguments)


def test(arguments: list[str]) -> int:
    from . import suites

    return suites.main(arguments)


def check(arguments: list[str]) -> int:
    from . import checks

    return checks.main(arguments)


def bench(arguments: list[str]) -> NoReturn:
    _become("-m", "benchmarks", *arguments)


def lock(arguments: list[str]) -> int:
    uv = find_uv()
    if uv is None:
        raise SetupFailed("the lock is written by uv, which could not be installed.")
    say("resolving pyproject.toml into requirements.lock")
    shape = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--all-extras",
    ]
    # Relative paths and a fixed header, so that the file says the same on every machine.
    resolve = [uv, "pip", "compile", "--quiet", "--system-certs", *shape, "pyproject.toml", "-o", LOCK.name]
    header = {"UV_CUSTOM_COMPILE_COMMAND": "./dev lock"}
    return 0 if patiently([*resolve, *arguments], extra=header) else 1


def _become(*arguments: str) -> NoReturn:
    """Turn this process into the environment's Python, so that signals and exit status need no forwarding."""
    ensure_environment()
    os.chdir(ROOT)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    os.execv(PYTHON, [str(PYTHON), *arguments])

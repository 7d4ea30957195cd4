"""The checkout's own `.venv`, made from requirements.lock and left alone while the lock stays the same."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
SDK = ROOT / "sdk" / "python"
STAMP = VENV / "patter-stamp.json"

UV = "uv>=0.9,<1"
PATIENCE_S = 15


class SetupFailed(Exception):
    """The environment could not be made; the text says what to do."""


def say(sentence: str) -> None:
    print(f"dev: {sentence}", flush=True)


def base_python() -> str:
    """The interpreter under the one that runs this, also when that one lives in a virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def wanted_stamp() -> dict[str, str]:
    return {
        # Scripts in a virtual environment hold its absolute path: a moved checkout needs a new one.
        "base": f"{sys.implementation.cache_tag} {sysconfig.get_platform()} {ROOT}",
        "lock": digest(LOCK),
        "sdk": digest(SDK / "pyproject.toml"),
    }


def found_stamp() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return found if PYTHON.exists() else {}


def ensure_environment() -> None:
    wanted = wanted_stamp()
    if found_stamp() == wanted:
        return
    with _one_at_a_time():
        found = found_stamp()
        if found == wanted:
            return
        say("setting up the environment in .venv (once; seconds with uv, about a minute with pip)")
        # Without a stamp an earlier set-up was cut short, and nothing in the folder can be trusted.
        fresh = found.get("base") != wanted["base"]
        STAMP.unlink(missing_ok=True)
        if not _install_with_uv(fresh=fresh):
            _install_with_pip()
        STAMP.write_text(json.dumps(wanted))
        say("the environment is ready")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another ./dev that is setting up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_uv() -> str | None:
    own = TOOLS / "uv" / "bin" / "uv"
    if own.exists() or pip_install_to(TOOLS / "uv", UV):
        return str(own)
    return shutil.which("uv")


def pip_install_to(folder: Path, requirement: str) -> bool:
    """Install a tool beside the project; that works with an externally managed Python too."""
    # `--user` in somebody's pip configuration contradicts `--target`.
    environment = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    pip = [base_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    return patiently([*pip, "--target", str(folder), requirement], extra=environment)


def _install_with_uv(*, fresh: bool) -> bool:
    uv = find_uv()
    if uv is None:
        return False
    if fresh and not patiently([uv, "venv", "--quiet", "--clear", "--python", base_python(), str(VENV)]):
        return False
    # uv reads the system's certificates only when told to; a machine may have no usable store at all.
    return any(_sync_with_uv(uv, certificates) for certificates in (["--system-certs"], []))


def _sync_with_uv(uv: str, certificates: list[str]) -> bool:
    pip = [uv, "pip"]
    options = ["--quiet", "--python", str(PYTHON), *certificates]
    synced = patiently([*pip, "sync", *options, "--require-hashes", str(LOCK)])
    return synced and (not _has_sdk() or patiently([*pip, "install", *options, "--no-deps", "-e", str(SDK)]))


def _install_with_pip() -> None:
    say("uv could not do it; trying venv and pip, which takes longer")
    shutil.rmtree(VENV, ignore_errors=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [[base_python(), "-m", "venv", str(VENV)], [*pip, "--require-hashes", "-r", str(LOCK)]]
    if _has_sdk():
        steps.append([*pip, "--no-deps", "-e", str(SDK)])
    for step in steps:
        if not patiently(step):
            raise SetupFailed(
                "the environment could not be made. The lines above say why; a package index must be "
                "in reach, and Python needs pip (Debian: apt-get install python3-pip python3-venv)."
            )


def _has_sdk() -> bool:
    return (SDK / "pyproject.toml").exists()


def patiently(command: list[str], *, extra: dict[str, str] | None = None, cwd: Path = ROOT) -> bool:
    """Run a command that may take long: say so while it does, and show what it printed only if it fails."""
    environment = {**os.environ, **(extra or {})}
    # A PYTHONPATH or an active environment of somebody's shell must not steer ours.
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        environment.pop(name, None)
    waited_s = 0
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as problem:
        say(f"{command[0]} did not start: {problem}")
        return False
    while True:
        try:
            output, _ = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            waited_s += PATIENCE_S
            say(f"still at it after {waited_s} s: {Path(command[0]).name} {' '.join(command[1:4])} …")
        else:
            break
    if process.returncode:
        print(output, end="", file=sys.stderr, flush=True)
    return process.returncode == 0

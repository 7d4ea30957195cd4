"""Children that end with us: a suite holds servers, which must be told to stop and waited for."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from .environment import PYTHON, ROOT

STOP_S = 20


def python(*arguments: str) -> list[str]:
    return [str(PYTHON), *arguments]


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> int:
    """Run a command in the foreground and return its exit status; a signal to us is passed on to it."""
    child = subprocess.Popen(command, cwd=cwd, env=dict(os.environ if env is None else env))

    def pass_on(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        return child.wait()
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to the whole group: the child knows, and needs time to put its servers away.
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)

"""The samples of the public README, run as printed: only keys, hosts and numbers are changed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import textwrap
import time

from tests.sdk.shop import Shop
from tests.system.platform import ROOT

README = ROOT / "sdk" / "python" / "tests" / "readme" / "promise.md"
STOPS_WITHIN_S = 60.0


def sample(name: str) -> str:
    """The sample of this name in the README."""
    found = re.search(rf"```python {name}\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, f"no sample {name!r}"
    return found[1]


def within_main(code: str, handler: str) -> str:
    """A sample that is the inside of a program, with the rest of one put round it."""
    body = textwrap.indent(code, "    ")
    head = f"import asyncio\nfrom patter import Patter\n\n{handler}\n"
    return f"{head}async def main():\n{body}\nasyncio.run(main())\n"


class Program:
    """A sample that runs in a process of its own."""

    def __init__(self, shop: Shop, code: str, **changed: str) -> None:
        for printed, real in {**shop.changed(), **changed}.items():
            code = code.replace(printed, real)
        self._file = shop.folder / f"sample-{time.monotonic_ns()}.py"
        self._file.write_text(code)
        self._log = self._file.with_suffix(".said")
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", str(self._file)],
                env=shop.program_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C. Returns how it ended."""
        self.process.send_signal(number)
        return self.process.wait(STOPS_WITHIN_S)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

"""The carrier simulator as a child process, and its control surface."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

READY_WITHIN_S = 15.0


class SimulatorFailed(RuntimeError):
    """The simulator did not start, or refused. The message is a sentence."""


def simulator_command(port: int) -> list[str]:
    return [sys.executable, "-m", "patter.simulators", "--port", str(port)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def address_file() -> Path:
    """Where ``serve --demo`` says which simulator it uses."""
    return Path(settings.STATE_DIR) / "simulator.url"


def running_simulator() -> Simulator | None:
    """The simulator that this installation already uses, if it answers."""
    addresses = [settings.PATTER_SIMULATOR_URL]
    if address_file().exists():
        addresses.insert(0, address_file().read_text().strip())
    for address in addresses:
        simulator = Simulator(address)
        if simulator._answers():
            return simulator
        simulator.close()
    return None


class Simulator:
    """One simulator on loopback. ``stop`` ends it; it also ends when this process dies with its group."""

    def __init__(self, url: str = "") -> None:
        self.port = urlsplit(url).port or 0 if url else free_port()
        self.url = url or f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)

    def start(self) -> None:
        """Begin; it is ready a second later."""
        quiet = None if os.environ.get("PATTER_SIMULATOR_LOG") else subprocess.DEVNULL
        # A session of its own: Ctrl-C in the terminal ends the platform first, which then ends this.
        self._process = subprocess.Popen(
            simulator_command(self.port), stdout=quiet, stderr=quiet, start_new_session=True
        )

    def wait_until_ready(self) -> None:
        """Raises SimulatorFailed unless it answers within 15 s."""
        deadline = time.monotonic() + READY_WITHIN_S
        while self._process is not None and time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise SimulatorFailed(f"The carrier simulator ended with code {self._process.returncode}.")
            if self._answers():
                return
            time.sleep(0.05)
        raise SimulatorFailed(f"The carrier simulator did not answer within {READY_WITHIN_S:.0f} s.")

    def _answers(self) -> bool:
        try:
            return self._http.get("/simulator/health").status_code == 200
        except httpx.TransportError:
            return False

    def remember(self) -> None:
        """Let other commands of this installation find this simulator."""
        address_file().parent.mkdir(parents=True, exist_ok=True)
        address_file().write_text(self.url)

    def close(self) -> None:
        """Leave a simulator that somebody else started."""
        self._http.close()

    def stop(self) -> None:
        self._http.close()
        if self._process is not None and address_file().exists() and address_file().read_text() == self.url:
            address_file().unlink()
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def tell(self, what: str, **values: Any) -> dict[str, Any]:
        """``POST /simulator/{what}``. Raises SimulatorFailed with its own words."""
        response = self._http.post(f"/simulator/{what}", json=values)
        body: dict[str, Any] = response.json()
        if response.is_error:
            raise SimulatorFailed(f"The carrier simulator refused: {body.get('error', response.status_code)}")
        return body

    def ask(self, what: str) -> dict[str, Any]:
        """``GET /simulator/{what}``."""
        return dict(self._http.get(f"/simulator/{what}").json())

    def fetch(self, what: str) -> bytes:
        """``GET /simulator/{what}``, as it comes."""
        return self._http.get(f"/simulator/{what}").content

    def facts(self, call_sid: str, root: str = "") -> Iterator[dict[str, Any]]:
        """What happens in a call, as it happens, until it ends. ``root`` is ``telnyx/`` for calls there."""
        with self._http.stream("GET", f"/simulator/{root}calls/{call_sid}/events", timeout=None) as lines:
            for line in lines.iter_lines():
                if line:
                    yield json.loads(line)

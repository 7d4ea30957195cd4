"""A script whose ``main()`` ends right after ``connect()``: it goes on serving, and nothing else does."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .server import KEY, Platform, platform

SDK = Path(__file__).parents[2]
SCRIPT = """
import asyncio
from patter import Patter

async def main():
    phone = Patter(api_key="{key}", backend_url="{url}")
    await phone.connect(on_message=lambda msg: f"You said: {{msg.text}}"{more})
    {last}

{run}
"""


def start(
    folder: Path, served: Platform, *, more: str = "", last: str = "", run: str = "asyncio.run(main())"
):
    file = folder / "script.py"
    file.write_text(SCRIPT.format(key=KEY, url=served.url, more=more, last=last, run=run))
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(file)],  # what is left open is said, and then is no silence
        env={**os.environ, "PYTHONPATH": str(SDK)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def ended(process: subprocess.Popen[str], within_s: float = 45.0) -> tuple[int, str]:
    said, _ = await asyncio.to_thread(process.communicate, timeout=within_s)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_quickstart_serves_until_it_is_told_to_end(tmp_path, number):
    async with platform() as served:
        process = start(tmp_path, served)
        await served.connections(2)  # the first went with main(), the second is resumed
        assert (await served.hears("resume"))["connection_id"] == "con_0"
        await served.ask("t1")
        assert (await served.hears("response"))["text"] == "You said: hello"
        process.send_signal(number)
        assert await ended(process) == (0, "")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"last": "raise SystemError('broken')"}, "SystemError: broken"),
        ({"more": ", keep_alive=False"}, ""),
        ({"run": "import runner; runner.run(main)"}, "Patter disconnects, because its event loop ends."),
    ],
)
async def test_whatever_else_ends_gives_way(tmp_path, options, says):
    # A main that failed; one that wants no keep-alive; a coroutine that is not the script's own.
    runner = "import asyncio\nasync def outer(main):\n    await main()\n"
    (tmp_path / "runner.py").write_text(f"{runner}def run(main):\n    asyncio.run(outer(main))\n")
    async with platform() as served:
        code, said = await ended(start(tmp_path, served, **options))
    assert says in said
    assert code == (1 if "raise" in options.get("last", "") else 0)


async def test_insisting_keeps_any_program(tmp_path):
    runner = "import asyncio\nasync def outer(main):\n    await main()\n"
    (tmp_path / "runner.py").write_text(f"{runner}def run(main):\n    asyncio.run(outer(main))\n")
    async with platform() as served:
        process = start(tmp_path, served, more=", keep_alive=True", run="import runner; runner.run(main)")
        await served.connections(2)
        await served.hears("resume")
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0


async def test_an_interrupted_main_gives_way(tmp_path):
    async with platform() as served:
        process = start(tmp_path, served, last="await asyncio.Event().wait()")
        await served.connections(1)
        await served.ask("t1")
        await served.hears("response")
        process.send_signal(signal.SIGINT)
        code, said = await ended(process)
        assert "KeyboardInterrupt" in said and code != 0
        assert "Patter disconnects" not in said and "unclosed" not in said
        await served.sockets[0].wait_closed()
        assert served.sockets[0].close_code == 1000, "others are to take its calls over at once"


async def test_a_platform_that_is_silent_does_not_hold_up_the_end(tmp_path):
    async with platform() as served:
        process = start(tmp_path, served, last="await asyncio.Event().wait()")
        await served.connections(1)
        served.sockets[0].transport.pause_reading()
        process.send_signal(signal.SIGINT)
        assert "unclosed" not in (await ended(process, 30))[1]

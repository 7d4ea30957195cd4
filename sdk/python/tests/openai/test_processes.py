"""Each simulated provider as a process of its own: one line when ready, a clean end when told to."""

import asyncio
import os
import signal
import sys

import httpx
import pytest


@pytest.mark.parametrize(
    ("module", "path", "header"),
    [
        ("patter.simulators.openai", "/models", {"Authorization": "Bearer the-key"}),
        ("patter.simulators.elevenlabs", "/v1/voices", {"xi-api-key": "the-key"}),
    ],
)
async def test_a_simulator_as_a_process(module, path, header):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--port", "0", "--api-key", "the-key",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        line = (await process.stdout.readline()).decode()
        base_url = line.split()[-1]
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{base_url}{path}", headers=header)).status_code == 200
            assert (await client.get(f"{base_url}{path}")).status_code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0

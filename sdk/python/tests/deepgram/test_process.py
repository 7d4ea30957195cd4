"""The simulated server as a process of its own: one line when ready, a clean end on SIGTERM."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from patter.bridge.events import Event, TtsDone
from patter.bridge.plan import ProviderSpec
from patter.engines.tts import open_tts
from patter.simulators.deepgram.server import API_KEY

ROOT = Path(__file__).parents[2]


async def test_it_serves_until_it_is_told_to_end():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "patter.simulators.deepgram", "--port", "0", "--voice", "tone"),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 15)).decode()
    assert line.startswith("simulated deepgram ready on http://127.0.0.1:")
    events: list[Event] = []
    tts = open_tts(ProviderSpec("deepgram", api_key=API_KEY, base_url=line.split()[-1]))
    await tts.say("t", "Hello.", events.append)
    await tts.close()
    assert events[-1] == TtsDone("t")
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0

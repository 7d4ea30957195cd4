"""The simulated carriers as a process: one line when ready, a clean end on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import sys
from collections.abc import Callable

from patter.simulators.telnyx.server import TelnyxSimulator
from patter.simulators.twilio.server import TwilioSimulator
from patter.simulators.voice import OfflineVoice, ToneVoice, Voice


def caller_voice(wanted: str = "auto") -> Voice:
    """``tone``; or ``auto``: the offline voice where it is installed, else a tone."""
    if wanted == "tone" or importlib.util.find_spec("espeakng_loader") is None:
        return ToneVoice()
    return OfflineVoice()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def serve(
    *,
    port: int = 8010,
    max_call_s: float = 120.0,
    voice: str = "auto",
    say: Callable[[str], object] = _print,
) -> None:
    """Run until the process is told to end. Raises OSError when the port is taken."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    spoken = caller_voice(voice)
    telnyx = TelnyxSimulator(max_call_s=max_call_s, voice=spoken)
    beside = {"telnyx": telnyx.routes}
    async with TwilioSimulator(port=port, max_call_s=max_call_s, voice=spoken, beside=beside) as simulator:
        telnyx.world.base_url = simulator.base_url
        say(f"simulated carriers ready on {simulator.base_url}")
        await over.wait()
        await telnyx.hang_up_everything()

"""Both simulated carriers, in a thread of their own while ordinary (synchronous) code asks them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.twilio import TwilioSimulator

READY_WITHIN_S = 30


@dataclass(frozen=True)
class Carriers:
    twilio: TwilioSimulator
    telnyx: TelnyxSimulator


@contextmanager
def simulated_carriers() -> Iterator[Carriers]:
    ready, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()
    up: list[Carriers] = []

    async def run() -> None:
        async with TwilioSimulator() as twilio, TelnyxSimulator() as telnyx:
            up.append(Carriers(twilio, telnyx))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert ready.wait(READY_WITHIN_S)
        yield up[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(READY_WITHIN_S)
        loop.close()

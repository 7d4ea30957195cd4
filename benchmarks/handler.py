"""A program that answers over ``/ws/sdk`` without thinking: it measures what the way to a handler costs.

``python -m benchmarks.handler BASE KEY``; one line when it is connected.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks import script
from patter import IncomingMessage, Patter


async def on_message(message: IncomingMessage) -> str:
    return script.REPLY


async def main(base: str, key: str) -> None:
    phone = Patter(key, backend_url=base)
    await phone.connect(on_message, keep_alive=False)
    sys.stdout.write('{"connected": true}\n')
    sys.stdout.flush()
    await phone.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))

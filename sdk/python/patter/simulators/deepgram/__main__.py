"""``python -m patter.simulators.deepgram --port 8020``: the simulated Deepgram as a server of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from patter.simulators.deepgram.hearing import OfflineRecogniser
from patter.simulators.deepgram.server import API_KEY, MOST_CONNECTIONS, UTTERANCES, DeepgramServer
from patter.simulators.serve import caller_voice


def make_server(
    *,
    port: int,
    api_key: str = API_KEY,
    phrases: list[str] | None = None,
    voice: str = "auto",
    most_connections: int = MOST_CONNECTIONS,
) -> DeepgramServer:
    """``phrases`` are really recognised, by the offline recogniser; without them, words are scripted."""
    recogniser = (lambda: OfflineRecogniser(phrases)) if phrases else None
    return DeepgramServer(
        port=port,
        api_key=api_key,
        recogniser=recogniser,
        voice=caller_voice(voice),
        most_connections=most_connections,
    )


async def run(server: DeepgramServer) -> None:
    """Until the process is told to end. Raises OSError when the port is taken."""
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with server:
        sys.stdout.write(f"simulated deepgram ready on {server.base_url}\n")
        sys.stdout.flush()
        await over.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m patter.simulators.deepgram", description=__doc__)
    parser.add_argument("--port", type=int, default=8020, help="0 takes a free one")
    parser.add_argument("--api-key", default=API_KEY, help="the only key that is let in")
    parser.add_argument("--voice", choices=("auto", "tone"), default="auto", help="what Aura sounds like")
    parser.add_argument(
        "--phrase", action="append", help=f"really recognise this; else: {', '.join(UTTERANCES)}"
    )
    parser.add_argument(
        "--connections", type=int, default=MOST_CONNECTIONS, help="one more at once is refused with 429"
    )
    given = parser.parse_args()
    server = make_server(
        port=given.port,
        api_key=given.api_key,
        phrases=given.phrase,
        voice=given.voice,
        most_connections=given.connections,
    )
    try:
        asyncio.run(run(server))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {given.port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m patter.simulators.elevenlabs --port 8022``: the simulated ElevenLabs as a server of its own."""

from __future__ import annotations

import argparse
import asyncio
import sys

from patter.engines.catalogue.elevenlabs import DEFAULT_VOICE
from patter.simulators.elevenlabs.server import API_KEY, ElevenLabsServer
from patter.simulators.provider_process import serve
from patter.simulators.serve import caller_voice


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m patter.simulators.elevenlabs", description=__doc__)
    parser.add_argument("--port", type=int, default=8022, help="0 takes a free one")
    parser.add_argument("--api-key", default=API_KEY, help="the key that is let in")
    parser.add_argument("--voice", choices=("auto", "tone"), default="tone", help="how it speaks")
    parser.add_argument(
        "--voice-id", action="append", default=[], help="a voice that exists, besides the usual"
    )
    given = parser.parse_args()
    server = ElevenLabsServer(
        voice=caller_voice(given.voice),
        voices=(DEFAULT_VOICE, *given.voice_id),
        api_key=given.api_key,
        port=given.port,
    )
    try:
        asyncio.run(serve(server, "ElevenLabs"))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {given.port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m patter.simulators.openai --port 8021``: the simulated OpenAI as a server of its own."""

from __future__ import annotations

import argparse
import asyncio
import sys

from patter.simulators.openai.hearing import OfflineHearing, Scripted
from patter.simulators.openai.server import API_KEY, OpenAiServer
from patter.simulators.provider_process import serve
from patter.simulators.serve import caller_voice


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m patter.simulators.openai", description=__doc__)
    parser.add_argument("--port", type=int, default=8021, help="0 takes a free one")
    parser.add_argument("--api-key", default=API_KEY, help="the key that is let in")
    parser.add_argument("--voice", choices=("auto", "tone"), default="tone", help="how it speaks")
    parser.add_argument(
        "--phrase", action="append", default=[], help="hear these, with the offline recogniser"
    )
    given = parser.parse_args()
    hear = OfflineHearing(given.phrase) if given.phrase else Scripted()
    server = OpenAiServer(hear=hear, voice=caller_voice(given.voice), api_key=given.api_key, port=given.port)
    try:
        asyncio.run(serve(server, "OpenAI"))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {given.port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

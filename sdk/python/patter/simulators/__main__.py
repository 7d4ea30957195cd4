"""``python -m patter.simulators --port 8010``: the simulated carriers as a server of their own."""

from __future__ import annotations

import argparse
import asyncio
import sys

from patter.simulators.serve import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m patter.simulators", description=__doc__)
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    parser.add_argument("--max-call-s", type=float, default=120.0, help="no call lasts longer")
    parser.add_argument("--voice", choices=("auto", "tone"), default="auto", help="how callers speak")
    given = parser.parse_args()
    try:
        asyncio.run(serve(port=given.port, max_call_s=given.max_call_s, voice=given.voice))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {given.port}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

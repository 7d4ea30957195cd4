"""What the carrier recorded of the calls of this process: fetched into the folder of recordings.

Carriers tell of a recording seconds or minutes after the call, sometimes before its file is there, and over
links that are good for a while only: each try asks anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from patter.blocking import in_thread
from patter.errors import CarrierError
from patter.local.log_words import for_log

logger = logging.getLogger("patter")

MOST_TRIES = 8
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
MOST_EXPECTED = 1000
"""Calls that ended and whose recording was not told of yet; the oldest is given up."""

Fetch = Callable[[str, Callable[[bytes], object]], Awaitable[int]]
"""Gives a recording, named by the carrier's id, to a function piece by piece. Raises CarrierError."""
Told = Callable[[dict[str, Any]], None]


class CarrierRecordings:
    """Those of one ``serve()``. ``close`` ends the waiting for files that do not come."""

    def __init__(self, fetch: Fetch, directory: Path, *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._fetch = fetch
        self._directory = directory
        self._pause_s = first_pause_s
        self._expected: dict[str, Told] = {}
        self._closing = asyncio.Event()

    def expect(self, call_id: str, told: Told) -> None:
        """The carrier records this call. ``told`` gets ``recording_path``, or ``error``, once."""
        self._expected[call_id] = told
        if len(self._expected) > MOST_EXPECTED:
            del self._expected[next(iter(self._expected))]

    async def ready(self, call_id: str, recording_id: str) -> None:
        """The carrier tells of a recording. Telling it twice changes nothing."""
        told = self._expected.pop(call_id, None)
        if told is None:
            return
        path = self._directory / f"{call_id}.carrier.wav"
        error = await self._until_fetched(recording_id, path)
        if error:
            said = for_log(error)
            logger.error("A recording of the carrier's was not fetched: %s", said, extra={"call": call_id})
        told({"error": error} if error else {"recording_path": str(path)})

    def failed(self, call_id: str, error: str) -> None:
        """The carrier tells that there is no recording."""
        if told := self._expected.pop(call_id, None):
            told({"error": error})

    def close(self) -> None:
        self._closing.set()

    async def _until_fetched(self, recording_id: str, path: Path) -> str:
        """Why it could not be fetched; empty: it lies there."""
        pause_s, error = self._pause_s, ""
        for _ in range(MOST_TRIES):
            try:
                await self._into_file(recording_id, path)
                return ""
            except CarrierError as refused:
                error = str(refused)
                if refused.permanent or self._closing.is_set():
                    break
            except OSError as broken:
                return f"{type(broken).__name__}: {broken}"
            await self._wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return error

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _into_file(self, recording_id: str, path: Path) -> None:
        """A file is there only when it is whole."""
        part = path.with_suffix(".part")
        file = await in_thread(_opened, part)
        try:
            await self._fetch(recording_id, file.write)
        except BaseException:
            await in_thread(_dropped, file, part)
            raise
        await in_thread(_finished, file, part, path)


def _opened(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    return cast(BinaryIO, part.open("wb"))


def _dropped(file: BinaryIO, part: Path) -> None:
    file.close()
    part.unlink(missing_ok=True)


def _finished(file: BinaryIO, part: Path, path: Path) -> None:
    file.close()
    part.replace(path)

"""A call's recording as a WAV file: both sides, left the caller, right the agent, as it was heard.

Written piece by piece in a thread; the header is right after each one, so that a file is playable
whatever becomes of the process.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections import deque
from pathlib import Path

from patter.audio.wav import header, interleave
from patter.blocking import in_thread
from patter.bridge.records import RecordingPiece
from patter.errors import ConfigError

logger = logging.getLogger("patter")

HEADER_BYTES = len(header(0, channels=2))
MOST_WAITING = 120
"""Pieces, ten minutes: a disk that is slower than that has failed."""
FINISH_WITHIN_S = 10.0


def check_directory(directory: Path) -> None:
    """Make the folder of the recordings. Raises ConfigError where nothing could be written into it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise ConfigError(
            f"Recordings cannot be kept in recordings_dir={str(directory)!r}: {error}"
        ) from None


class RecordingFile:
    """The file of one call. It exists from the first piece on."""

    def __init__(self, directory: Path, call_id: str) -> None:
        self.path = directory / f"{call_id}.wav"
        self.started = False
        self._call_id = call_id
        self._waiting: deque[RecordingPiece] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, piece: RecordingPiece) -> None:
        """Have it written soon."""
        if len(self._waiting) >= MOST_WAITING:
            logger.error(
                "A part of a recording was lost: the disk is too slow", extra={"call": self._call_id}
            )
            return
        self.started = True
        self._waiting.append(piece)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=f"recording {self._call_id}")

    async def finish(self) -> None:
        """Wait until everything is written."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=FINISH_WITHIN_S)

    async def _work(self) -> None:
        while self._waiting:
            try:
                await in_thread(self._write, self._waiting.popleft())
            except Exception as error:
                logger.error("A recording failed", exc_info=error, extra={"call": self._call_id})

    def _write(self, piece: RecordingPiece) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "r+b" if self.path.exists() else "w+b") as file:
            file.seek(HEADER_BYTES + piece.start_ms * 16)
            file.write(interleave(piece.caller, piece.agent))
            size = file.seek(0, 2) - HEADER_BYTES
            file.seek(0)
            file.write(header(size, channels=2))

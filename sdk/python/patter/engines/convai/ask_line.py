"""Where a request for a reply meets the call that it belongs to: one line for each call.

The request comes by HTTP, to whichever door the home has. In the process that carries the call it asks
here, and reads the answer piece by piece. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyUnwanted, ReplyWanted

MOST_ASKS = 4
"""At once: the vendor asks again when it gets impatient, and never more often."""
MOST_PIECES = 1000

Tell = Callable[[ReplyWanted | ReplyUnwanted], None]


class AskRefusedError(Exception):
    """No answer can be given. ``code`` is no_conversation or too_many_asks."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AskLine:
    """One call's. ``connect`` is for its conversation, ``ask`` for who wants a reply."""

    def __init__(self) -> None:
        self._tell: Tell | None = None
        self._asks: dict[str, asyncio.Queue[str | None]] = {}
        self._count = 0

    def connect(self, tell: Tell) -> None:
        """A conversation begins: it is told of every request from now on."""
        self._tell = tell

    def disconnect(self) -> None:
        """It is over, and so is everything that was asked in it."""
        self._tell = None
        for pieces in self._asks.values():
            _put(pieces, None)

    def send(self, message: ReplyPiece | ReplyEnd) -> None:
        """Something for whoever asked. Never blocks; harmless when they are gone."""
        pieces = self._asks.get(message.ask_id)
        if pieces is not None:
            _put(pieces, message.text if isinstance(message, ReplyPiece) else None)

    @contextlib.asynccontextmanager
    async def ask(self, text: str, messages: int) -> AsyncIterator[AsyncIterator[str]]:
        """Ask for the reply to the caller's last message, their ``messages``-th. Raises AskRefusedError.

        Gives the pieces of the answer. Leaving before its end tells the call that nobody waits any more.
        """
        if self._tell is None:
            raise AskRefusedError("no_conversation")
        if len(self._asks) >= MOST_ASKS:
            raise AskRefusedError("too_many_asks")
        self._count += 1
        ask_id = f"ask{self._count}"
        pieces: asyncio.Queue[str | None] = asyncio.Queue(MOST_PIECES)
        self._asks[ask_id] = pieces
        self._tell(ReplyWanted(ask_id, text, messages))
        try:
            yield _until_end(pieces)
        finally:
            del self._asks[ask_id]
            if self._tell is not None:
                self._tell(ReplyUnwanted(ask_id))


def _put(pieces: asyncio.Queue[str | None], piece: str | None) -> None:
    if pieces.full():  # nobody reads it: its end is what matters
        while not pieces.empty():
            pieces.get_nowait()
        piece = None
    pieces.put_nowait(piece)


async def _until_end(pieces: asyncio.Queue[str | None]) -> AsyncIterator[str]:
    while (piece := await pieces.get()) is not None:
        yield piece

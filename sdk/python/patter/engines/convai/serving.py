"""A reply served to ElevenLabs, in whichever home the HTTP door is: the events of one answer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from patter.engines.convai.ask_line import AskLine
from patter.engines.convai.completions import Completion, CompletionStream


async def open_reply(line: AskLine, request: Completion) -> AsyncIterator[str]:
    """Ask the call for this reply. Gives its pieces. Raises AskRefusedError before the first of them.

    Whoever takes the iterator reads it to its end, or closes it.
    """
    stack = contextlib.AsyncExitStack()
    pieces = await stack.enter_async_context(line.ask(request.text, request.messages))

    async def reply() -> AsyncIterator[str]:
        async with stack:
            async for piece in pieces:
                yield piece

    return reply()


async def events_of(pieces: AsyncIterator[str], stream: CompletionStream) -> AsyncIterator[str]:
    """The server-sent events of an answer."""
    async for piece in pieces:
        yield stream.piece(piece)
    yield stream.end()

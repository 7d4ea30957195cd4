"""Runs the user's ``on_message``, whatever its kind, the same way in both homes.

A handler is a function or an object that can be called; sync (it runs in a thread), async, or a generator
of either kind, whose pieces are spoken as they come. Where it takes the call (``signatures.py``) it is
given that. What it does becomes events: ``HandlerDelta``, then one ``HandlerDone`` or ``HandlerFailed``.

Handlers of different calls run at once; of one call, in order. A turn that is cancelled sees
``asyncio.CancelledError`` with what was heard of its reply as the error's text.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from patter.blocking import in_thread
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.signatures import call_place
from patter.types import IncomingMessage, MessageHandler

logger = logging.getLogger("patter")

HandlerEvent = HandlerDelta | HandlerDone | HandlerFailed
Tell = Callable[[HandlerEvent], None]

PIECE_WITHIN_S = 60.0
"""To the first piece of a reply, and between two. The call itself is less patient, by its own settings."""
STOPS_WITHIN_S = 1.0
"""For a cancelled turn to clean up before the next one of the same call begins."""
MOST_REPLY_CHARS = 20_000
"""About twenty minutes of speech: a generator that never ends must not fill the memory."""
END = object()


class HandlerRunner:
    """One handler, for any number of calls.

    Args:
        handler: the user's ``on_message``.
        within_s: how long the first piece and each further one may take.
    """

    def __init__(self, handler: MessageHandler, *, within_s: float = PIECE_WITHIN_S) -> None:
        if not callable(handler):
            raise TypeError(f"on_message is a function, not {type(handler).__name__}")
        self._handler = handler
        self._within_s = within_s
        self._call_place = call_place(handler)
        self._newest: dict[str, _Turn] = {}

    async def run(self, message: IncomingMessage, call: Any, tell: Tell) -> None:
        """Answer one message. Cancelling this, or ``cancel``, cancels the handler; then nothing is told."""
        turn = _Turn(message.turn_id, tell)
        before = self._newest.get(message.call_id)
        turn.task = asyncio.create_task(
            self._answer(turn, before, message, call), name=f"handler {message.call_id} {message.turn_id}"
        )
        self._newest[message.call_id] = turn
        turn.task.add_done_callback(lambda _: self._forget(message.call_id, turn))
        try:
            await asyncio.wait([turn.task])
        finally:
            turn.cancel("")

    def cancel(self, call_id: str, turn_id: str, heard: str = "") -> None:
        """The reply to this turn was cut after ``heard``. Harmless when the turn is over."""
        turn = self._newest.get(call_id)
        if turn is not None and turn.turn_id == turn_id:
            turn.cancel(heard)

    async def close(self, spare: asyncio.Task[Any] | None = None) -> None:
        """Cancel every turn, and wait a moment for them; the handler that runs in ``spare`` goes on."""
        turns = [turn for turn in self._newest.values() if spare is None or turn.task is not spare]
        for turn in turns:
            turn.cancel("")
        if tasks := [turn.task for turn in turns if turn.task is not None]:
            await asyncio.wait(tasks, timeout=STOPS_WITHIN_S)

    def _forget(self, call_id: str, turn: _Turn) -> None:
        if self._newest.get(call_id) is turn:
            del self._newest[call_id]

    async def _answer(self, turn: _Turn, before: _Turn | None, message: IncomingMessage, call: Any) -> None:
        if before is not None:
            await asyncio.wait(before.work, timeout=STOPS_WITHIN_S if before.cut else self._within_s)
        try:
            await self._speak(turn, self._asking(message, call))
        except asyncio.CancelledError:
            if turn.cut:
                raise
            # Nobody cut the reply: something within the handler was cancelled.
            turn.fail("handler_cancelled", "on_message was cancelled from within")
        except Exception as error:
            if turn.late:
                turn.fail("handler_timeout", turn.late)
            else:
                turn.fail("handler_error", _told(error))
            if not turn.cut:
                logger.error("on_message failed", exc_info=error, extra={"call": message.call_id})
        else:
            turn.done()

    def _asking(self, message: IncomingMessage, call: Any) -> Callable[[], Any]:
        """The handler with what it takes."""
        match self._call_place:
            case "second":
                return functools.partial(self._handler, message, call)
            case "named":
                return functools.partial(self._handler, message, call=call)
            case _:
                return functools.partial(self._handler, message)

    async def _speak(self, turn: _Turn, ask: Callable[[], Any]) -> None:
        reply = ask() if is_async(self._handler) else await self._in_time(turn, turn.thread(ask))
        if inspect.isawaitable(reply):
            reply = await self._in_time(turn, reply)
        if isinstance(reply, AsyncIterator):
            await self._speak_pieces(turn, reply)
        elif isinstance(reply, Iterator):
            await self._speak_pieces(turn, _in_threads(turn, reply))
        else:
            turn.say(reply)

    async def _speak_pieces(self, turn: _Turn, pieces: AsyncIterator[Any]) -> None:
        try:
            while (piece := await self._in_time(turn, _next(pieces))) is not END:
                turn.say(piece)
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    async def _in_time(self, turn: _Turn, work: Awaitable[Any]) -> Any:
        clock = asyncio.timeout(self._within_s)
        try:
            async with clock:
                return await work
        except TimeoutError:
            if clock.expired():
                turn.late = f"on_message took longer than {self._within_s:g} s"
            raise


class _Turn:
    """One message that is being answered: what is told of it, once and never after its end."""

    def __init__(self, turn_id: str, tell: Tell) -> None:
        self.turn_id = turn_id
        self.task: asyncio.Task[None] | None = None
        self._thread: asyncio.Future[Any] | None = None
        self.over = False
        self.cut = False
        self.late = ""
        self._tell = tell
        self._chars = 0

    @property
    def work(self) -> list[asyncio.Future[Any]]:
        """What has to end before the next turn of the call begins."""
        return [work for work in (self.task, self._thread) if work is not None]

    def thread(self, function: Callable[[], Any]) -> asyncio.Future[Any]:
        """Run it in a thread. A turn that is cut leaves it behind; the next one waits for it a moment."""
        self._thread = in_thread(function)
        return asyncio.shield(self._thread)

    def say(self, piece: Any) -> None:
        if piece is None or piece == "":
            return
        if not isinstance(piece, str):
            raise TypeError(
                f"on_message gave {type(piece).__name__}; return or yield a str, or None for silence"
            )
        self._chars += len(piece)
        if self._chars > MOST_REPLY_CHARS:
            raise ValueError(f"a reply has at most {MOST_REPLY_CHARS} characters")
        if not self.over:
            self._tell(HandlerDelta(self.turn_id, piece))

    def done(self) -> None:
        if not self.over:
            self.over = True
            self._tell(HandlerDone(self.turn_id))

    def fail(self, code: str, message: str) -> None:
        if not self.over:
            self.over = True
            self._tell(HandlerFailed(self.turn_id, code, message))

    def cancel(self, heard: str) -> None:
        """From now on nothing is told, and the handler is cancelled once."""
        if self.over or self.task is None or self.task.done():
            return
        self.over = self.cut = True
        self.task.cancel(heard)


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it returns at once with something to wait for."""
    while isinstance(function, functools.partial):
        function = function.func
    own = type(function).__call__
    return any(inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) for one in (function, own))


async def _next(pieces: AsyncIterator[Any]) -> Any:
    return await anext(pieces, END)


async def _in_threads(turn: _Turn, pieces: Iterator[Any]) -> AsyncIterator[Any]:
    """A generator that may block: each piece is fetched in a thread. One that was cut is closed there."""

    def fetch() -> Any:
        piece = next(pieces, END)
        if turn.over:
            getattr(pieces, "close", lambda: None)()
        return piece

    while (piece := await turn.thread(fetch)) is not END:
        yield piece


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"

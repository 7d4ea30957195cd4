"""An event loop with a clock of its own: it jumps to the next timer as soon as nothing else can happen.

For code that waits, alone or over sockets whose two ends both live on this loop. Minutes of a call pass in
seconds, and a busy machine changes nothing: computing takes no time at all.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from concurrent.futures.thread import _worker
from typing import Any, TypeVar

from patter.testing.in_flight import InFlight

T = TypeVar("T")

# What was sent on loopback is there at once; what is not is given this long, and again.
GRACE_S = 0.001
# A thread may end without a word: it is looked for again after this long.
LOOK_AGAIN_S = 0.05


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0. While a thread or a child process works, it keeps real time."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        self._in_executor = 0
        self._working: set[object] = set()
        self._children: list[asyncio.SubprocessTransport] = []
        self._threads = _other_threads()
        self.in_flight = InFlight()
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self._virtual_s

    def advance(self, seconds: float) -> None:
        self._virtual_s += seconds

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody who does not live on this loop may still have something to say."""
        self._children = [child for child in self._children if child.get_returncode() is None]
        return bool(self._in_executor or self._working or self._children or _other_threads() - self._threads)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        with self.in_flight.connecting():
            await super().sock_connect(sock, address)

    def _make_socket_transport(self, sock: socket.socket, *args: Any, **kwargs: Any) -> Any:
        self.in_flight.watch(sock)
        return super()._make_socket_transport(sock, *args, **kwargs)  # type: ignore[misc]

    def _make_ssl_transport(self, rawsock: socket.socket, *args: Any, **kwargs: Any) -> Any:
        self.in_flight.watch(rawsock)
        return super()._make_ssl_transport(rawsock, *args, **kwargs)  # type: ignore[misc]

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        token = object()

        def work() -> T:
            self._working.add(token)
            try:
                return func(*args)
            finally:
                self._working.discard(token)

        # Until the loop has the result; and one that was given up works on, perhaps at what others wait for.
        future = super().run_in_executor(executor, work)
        self._in_executor += 1
        future.add_done_callback(self._out_of_executor)
        return future

    def _out_of_executor(self, _: asyncio.Future[Any]) -> None:
        self._in_executor -= 1

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        transport, protocol = await super().subprocess_exec(*args, **kwargs)
        self._children.append(transport)
        return transport, protocol


def _other_threads() -> set[threading.Thread]:
    """All but those of an executor, which stay when their work is done."""
    return {each for each in threading.enumerate() if getattr(each, "_target", None) is not _worker}


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but what has happened already, and for those who are not on the loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        in_flight = self._loop.in_flight
        # Asked in this order: whoever has gone before the question has left its message before the look.
        is_waited_for = self._loop.is_waited_for
        if ready := super().select(0):
            return ready
        if is_waited_for:
            in_flight.doubt()
            return self._in_real_time(min(timeout, LOOK_AGAIN_S))
        # One socket is the loop's own, for other threads.
        if in_flight.may_arrive and len(self.get_map()) > 1:
            if ready := super().select(GRACE_S):
                return ready
            in_flight.nothing_came()
            if in_flight.may_arrive:
                return []
        self._loop.advance(timeout)
        return []

    def _in_real_time(self, timeout: float) -> list[Any]:
        began = time.monotonic()
        ready = super().select(timeout)
        self._loop.advance(min(time.monotonic() - began, timeout))
        return ready

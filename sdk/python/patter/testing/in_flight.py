"""What was sent between two sockets of one loop, and has not been received: a clock must not jump over it.

Loopback delivers at once, unless the machine is very busy. To wait each time costs a millisecond for every
20 ms of a call; to count bytes costs nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MOST_LOOKS = 20
"""In vain. What has not come by then was sent to somebody who does not read it, or has closed."""


class InFlight:
    """Counts the bytes of its sockets. What cannot be counted is a doubt: worth one look."""

    def __init__(self) -> None:
        self._bytes = 0
        self._connecting = 0
        self._looks_left = 0
        self._in_doubt = True
        self._watched = _watched(self)

    @property
    def may_arrive(self) -> bool:
        """Whether anything may be on its way."""
        return self._in_doubt or (self._looks_left > 0 and bool(self._bytes or self._connecting))

    def watch(self, sock: socket.socket) -> None:
        """Count what this socket sends and receives from now on."""
        if type(sock) is socket.socket:
            sock.__class__ = self._watched

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """While a connection is made."""
        self._connecting += 1
        self._looks_left = MOST_LOOKS
        try:
            yield
        finally:
            self._connecting -= 1
            self.doubt()

    def sent(self, count: int) -> None:
        self._bytes += count
        self._looks_left = MOST_LOOKS

    def received(self, count: int) -> None:
        self._bytes -= count

    def doubt(self) -> None:
        """Something happened that the other side may yet learn of."""
        self._in_doubt = True

    def nothing_came(self) -> None:
        """It was looked for, for a moment."""
        self._in_doubt = False
        self._looks_left -= 1
        if self._looks_left <= 0:
            self._bytes = 0


def _watched(flight: InFlight) -> type[socket.socket]:
    """The class of the sockets that are counted there."""

    class Watched(socket.socket):
        __slots__ = ()

        def send(self, *args: Any) -> int:
            count = super().send(*args)
            flight.sent(count)
            return count

        def sendmsg(self, *args: Any) -> int:
            count = super().sendmsg(*args)
            flight.sent(count)
            return count

        def recv(self, *args: Any) -> bytes:
            data = super().recv(*args)
            flight.received(len(data))
            return data

        def recv_into(self, *args: Any) -> int:
            count = super().recv_into(*args)
            flight.received(count)
            return count

        def shutdown(self, how: int) -> None:
            flight.doubt()
            super().shutdown(how)

        def close(self) -> None:
            flight.doubt()
            super().close()

    return Watched

"""What waits for a child's pipe. Bounded for each stream: when a child is slow, old audio is dropped."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Condition


@dataclass(frozen=True, slots=True)
class _Item:
    stream: int
    data: bytes
    droppable: bool


class Outbox:
    """Any thread puts, one thread takes."""

    def __init__(self) -> None:
        self._items: deque[_Item] = deque()
        self._waiting: dict[int, int] = {}
        self._ready = Condition()
        self._closed = False
        self.dropped = 0

    def put(self, stream: int, data: bytes, *, limit: int | None = None) -> None:
        """Queue a message. With a ``limit`` it may be dropped once so many of its stream wait."""
        with self._ready:
            if self._closed:
                return
            droppable = limit is not None
            if limit is not None and self._waiting.get(stream, 0) >= limit:
                self._drop_oldest(stream)
            if droppable:
                self._waiting[stream] = self._waiting.get(stream, 0) + 1
            self._items.append(_Item(stream, data, droppable))
            self._ready.notify()

    def take(self) -> bytes | None:
        """Wait for messages; all that wait, as one write. None once closed and empty."""
        with self._ready:
            self._ready.wait_for(lambda: self._items or self._closed)
            if not self._items:
                return None
            data = b"".join(item.data for item in self._items)
            self._items.clear()
            self._waiting.clear()
            return data

    def close(self) -> None:
        """Take nothing more; what waits is still written."""
        with self._ready:
            self._closed = True
            self._ready.notify()

    def _drop_oldest(self, stream: int) -> None:
        for index, item in enumerate(self._items):
            if item.droppable and item.stream == stream:
                del self._items[index]
                self._waiting[stream] -= 1
                self.dropped += 1
                return

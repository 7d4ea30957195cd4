"""One child process, shared by all calls of this process and by all of its event loops.

Threads carry the pipes, so that a write never blocks a loop and a child outlives the loop that
started it. Whoever opens a stream hears of everything that the child says about it, and of its death.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from patter.engines.child.outbox import Outbox
from patter.engines.child.wire import Message, Unpacker, pack
from patter.errors import EngineError

Deliver = Callable[[Message], None]

_MAX_STARTS = 5
_STARTS_WITHIN_S = 60.0
_SOURCES = str(Path(__file__).resolve().parents[3])


class Stream:
    """One conversation with the child. ``died`` is the last message it hears when the child is gone."""

    def __init__(self, running: _Running, stream_id: int) -> None:
        self._running, self._id = running, stream_id

    def send(self, type_: str, body: bytes = b"", *, limit: int | None = None, **fields: Any) -> None:
        """Queue a message, never blocking. ``limit``: as of ``Outbox.put``."""
        head = {"type": type_, "stream": self._id, **fields}
        self._running.outbox.put(self._id, pack(head, body), limit=limit)

    def close(self) -> None:
        """Hear nothing more. The child is told, so that it can forget the stream."""
        if self._running.listeners.pop(self._id, None) is not None:
            self.send("close")


class Child:
    """Starts ``python -m module`` when first needed, and again after it died, within bounds."""

    def __init__(self, name: str, module: str, *, needs: str, extra: str) -> None:
        self._name, self._module, self._needs, self._extra = name, module, needs, extra
        self._lock = Lock()
        self._running: _Running | None = None
        self._starts: deque[float] = deque()

    @property
    def pid(self) -> int | None:
        """The live child's process id."""
        running = self._running
        return running.process.pid if running and running.alive else None

    def open(self, deliver: Deliver) -> Stream:
        """Begin a stream; messages come to ``deliver`` in the calling event loop. Raises EngineError."""
        loop = asyncio.get_running_loop()
        with self._lock:
            running = self._running
            if running is None or not running.alive:
                running = self._running = self._start()
        return running.open(loop, deliver)

    def stop(self) -> None:
        """End the child and wait for it."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def _start(self) -> _Running:
        if find_spec(self._needs) is None:
            hint = f'{self._needs} is not installed; pip install "patter[{self._extra}]"'
            raise EngineError(self._name, hint, permanent=True)
        now = time.monotonic()
        while self._starts and now - self._starts[0] > _STARTS_WITHIN_S:
            self._starts.popleft()
        if len(self._starts) >= _MAX_STARTS:
            raise EngineError(self._name, "its process keeps dying", permanent=False)
        self._starts.append(now)
        try:
            return _Running(self._module)
        except OSError as error:
            raise EngineError(self._name, f"its process does not start: {error}", permanent=False) from error


class _Running:
    """One life of a child."""

    def __init__(self, module: str) -> None:
        self.outbox = Outbox()
        self.listeners: dict[int, tuple[asyncio.AbstractEventLoop, Deliver]] = {}
        self._ids = count(1)
        self._owner = os.getpid()
        self._ended = False
        path = os.pathsep.join(filter(None, (_SOURCES, os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            # -P: the working directory must not shadow modules of the standard library.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            bufsize=0,
            # Ctrl-C belongs to the parent, which ends the child by closing its pipe.
            start_new_session=True,
        )
        Thread(target=self._write, name=f"{module}-write", daemon=True).start()
        Thread(target=self._read, name=f"{module}-read", daemon=True).start()
        atexit.register(self.stop)

    @property
    def alive(self) -> bool:
        # After a fork the pipes are shared with the parent process and the threads are gone.
        return not self._ended and os.getpid() == self._owner and self.process.poll() is None

    def open(self, loop: asyncio.AbstractEventLoop, deliver: Deliver) -> Stream:
        stream_id = next(self._ids)
        self.listeners[stream_id] = (loop, deliver)
        if self._ended:
            self._tell_death()
        return Stream(self, stream_id)

    def stop(self) -> None:
        atexit.unregister(self.stop)
        if os.getpid() != self._owner:
            return
        self.outbox.close()
        try:
            self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _write(self) -> None:
        assert self.process.stdin is not None
        with self.process.stdin as pipe:
            while data := self.outbox.take():
                try:
                    _write_all(pipe.fileno(), data)
                except OSError:
                    return

    def _read(self) -> None:
        assert self.process.stdout is not None
        unpacker = Unpacker()
        with self.process.stdout as pipe:
            try:
                while data := os.read(pipe.fileno(), 65536):
                    for message in unpacker.feed(data):
                        self._deliver(message)
            except (OSError, ValueError):
                self.process.kill()
        self._ended = True
        self.outbox.close()
        self.process.wait()
        self._tell_death()

    def _deliver(self, message: Message) -> None:
        if (listener := self.listeners.get(message.stream)) is None:
            return
        loop, deliver = listener
        try:
            loop.call_soon_threadsafe(self._hand_over, deliver, message)
        except RuntimeError:  # that loop is closed, and its call with it
            self.listeners.pop(message.stream, None)

    def _hand_over(self, deliver: Deliver, message: Message) -> None:
        # Closed between the thread and the loop: a stream that was closed hears nothing more.
        if message.stream in self.listeners:
            deliver(message)

    def _tell_death(self) -> None:
        for stream in list(self.listeners):
            self._deliver(Message({"type": "died", "stream": stream}))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

"""Messages to sockets, from anywhere: a view, a Celery thread, a coroutine.

An in-memory channel layer belongs to one event loop, and called from another thread it answers seconds
late. So every message hops to the server's loop first. A process without a server (a worker of its own, a
command) gets a loop of its own when the layer is Redis; with the in-memory layer nobody listens there.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = structlog.get_logger(__name__)
Message = dict[str, Any]

_server_loop: asyncio.AbstractEventLoop | None = None
_own_loops: dict[int, asyncio.AbstractEventLoop] = {}  # by process: threads do not survive a fork
_lock = threading.Lock()
_sending: set[asyncio.Task[None]] = set()


def bind_loop(loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Say which loop serves the sockets: the running one. Called when the server starts."""
    global _server_loop
    _server_loop = loop or asyncio.get_running_loop()


def unbind_loop() -> None:
    global _server_loop
    _server_loop = None


def publish(group: str, message: Message) -> None:
    """To all in a group, from any thread or from a coroutine. Does not wait; what fails is logged.

    ``message["type"]`` names the consumer's handler. Text and control only, never audio.
    """
    if _nobody_is_in(group):  # whoever looks at calls is told of all that happens in them: mostly nobody does
        return
    _post(lambda layer: layer.group_send(group, message))


def send(channel: str, message: Message) -> None:
    """To one channel, such as a reply address."""
    _post(lambda layer: layer.send(channel, message))


async def apublish(group: str, message: Message) -> None:
    """``publish`` for a coroutine of the server's loop that wants to wait until it is out."""
    await get_channel_layer().group_send(group, message)


def _nobody_is_in(group: str) -> bool:
    """Where that can be known at once: a task, and a look through all groups, would tell nobody."""
    layer = get_channel_layer()
    return isinstance(layer, InMemoryChannelLayer) and group not in layer.groups


def _post(call: Callable[[Any], Awaitable[None]]) -> None:
    running = _running_loop()
    loop = _server_loop or running or _loop_of_this_process()
    if loop is None or loop.is_closed():
        return
    if loop is running:
        task = loop.create_task(_deliver(call))
        _sending.add(task)
        task.add_done_callback(_sending.discard)
        return
    posted: Future[None] = asyncio.run_coroutine_threadsafe(_deliver(call), loop)
    posted.add_done_callback(_note_refused)


async def _deliver(call: Callable[[Any], Awaitable[None]]) -> None:
    try:
        await call(get_channel_layer())
    except Exception as error:
        logger.warning("A message was not sent", reason=type(error).__name__)


def _note_refused(posted: Future[None]) -> None:
    if not posted.cancelled() and (error := posted.exception()):
        logger.warning("A message was not sent", reason=type(error).__name__)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _loop_of_this_process() -> asyncio.AbstractEventLoop | None:
    if isinstance(get_channel_layer(), InMemoryChannelLayer):
        return None
    with _lock:
        loop = _own_loops.get(os.getpid())
        if loop is None:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="bus", daemon=True).start()
            _own_loops[os.getpid()] = loop
        return loop

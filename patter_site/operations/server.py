"""The web server in this process: uvicorn, started and stopped by us, so that what belongs to it can too."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn
import uvloop
from django.conf import settings

from calls.consumers.sdk import send_sdks_away
from calls.live import drain_live_calls, let_calls_end
from patter_site.common import stopping
from patter_site.operations.allocator import give_memory_back
from patter_site.operations.direct_socket import DirectSocket

SWITCH_S = 0.0005
"""How long a thread may keep the interpreter from the event loop. Python's 5 ms, waited for at every step
of a turn whenever a view, the call log or a worker computes, would be most of a turn's latency."""

NEW_OBJECTS = 10_000
"""So many more than before, and the collector looks at the young ones. A few megabytes at most."""

TICK_S = 1.0
"""So old the time may be that answers carry."""

SDKS_LEAVE_WITHIN_S = 2.0
"""For SDKs to connect elsewhere. A process that has everything in it has no elsewhere."""
GRACE_S = 1  # for requests and sockets that are open when the end is asked for


class CannotListen(RuntimeError):
    """The port is taken, or not allowed. The message is a sentence."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Bound before anything else starts, so that a taken port is said at once. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, because only then asyncio sends small frames at once (TCP_NODELAY). Without,
    # a frame of 20 ms waits until the carrier has acknowledged the one before.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another PORT."
        ) from None
    listener.setblocking(False)
    return listener


class Server(uvicorn.Server):
    """Tells when it accepts connections."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready
        self._exit = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait for the end. uvicorn looks ten times a second whether it has come."""
        while not await self.on_tick(0):  # the tick of each second, which also tells the time to answers
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._exit.wait(), TICK_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        waits_for_calls = self.should_exit and not self._exit.is_set()
        if not waits_for_calls:  # who is in a hurry then wants no other end than in order
            super().handle_exit(sig, frame)
        self._exit.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _quiet_collector()
            # A daemon: the demo call must not hold up the end.
            threading.Thread(target=self._when_ready, name="when-ready", daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stopping.ask()
        self._exit.clear()  # set again by whoever cannot wait
        await let_calls_end(settings.PATTER_DRAIN_S, self._exit)
        await send_sdks_away(0 if settings.SHAPE.embedded else SDKS_LEAVE_WITHIN_S)
        # Before the sockets are closed: a call that ends in order hangs up and is written down.
        await drain_live_calls()
        await super().shutdown(sockets)


def _quiet_collector() -> None:
    """What is imported lives for ever; looking through it again would stop all calls for 0.1 s.

    Calls make much that lives for a turn and little that refers to itself: Python's 700 new objects are made
    within a few frames, and each look at them is a pause of all calls.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def server_config() -> uvicorn.Config:
    return uvicorn.Config(
        "patter_site.asgi:application",
        ws=DirectSocket,
        # Base64 of speech does not shrink, and a compressor for each call costs a fifth of a megabyte.
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        # Ours, with a list of its own: common/proxies.py.
        proxy_headers=False,
        # Pings keep proxies from closing quiet sockets. A machine that stalls must not end calls: whether a
        # carrier is there is told by its frames, so a missing pong gets a whole minute.
        ws_ping_interval=20,
        ws_ping_timeout=60,
        # Longer than carriers keep a connection: one that we close while they send loses what they tell us.
        timeout_keep_alive=75,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def run_server(listener: socket.socket, when_ready: Callable[[], None]) -> bool:
    """Serve until SIGINT or SIGTERM. False: it never came up. ``when_ready`` runs in a thread of its own."""
    sys.setswitchinterval(SWITCH_S)
    give_memory_back()
    server = Server(server_config(), when_ready)
    # uvicorn raises the signal again when it is done, for whoever had the handler before. That is us, and
    # for us it is the ordinary way to end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ordinary_end)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listener]))
    return server.started


def _ordinary_end(number: int, frame: FrameType | None) -> None:
    return None

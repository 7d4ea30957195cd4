"""The SDK's socket, ``/ws/sdk``: frames in both directions, as ``docs/reference/socket.md`` has them.

A consumer with a receive loop of its own, like the media socket's: one task reads the client, one the bus,
one writes. What a frame means is decided in ``calls/sdk/``.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import parse_qs

import structlog
from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.http.request import HttpHeaders
from django.urls import path

from calls.adapters.sdk_commands import Commands
from calls.adapters.threads import open_in_thread
from calls.sdk.addresses import calls_group, connection_group, doors_group
from calls.sdk.client_frames import REPLIES, BadFrame, id_of, problem_of, read_frame, reply_of
from calls.sdk.door import NAMES_NUMBER, Door, Overflow
from calls.sdk.facts import Frame
from calls.services.admit_sdk import Admitted, admit, is_remembered, remember_connection
from calls.services.sdk_commands import COMMANDS
from calls.services.tell_sdk import take_end, untold_ends
from patter_site.common.errors import ApiProblem
from patter_site.common.ids import make_id

logger = structlog.get_logger(__name__)

PROTOCOL = 2
HEARTBEAT_S = 20
NEARER_FIRST_S = 0.1
"""What names the number has this start before what names the agent, and that before the rest."""
OWNER_FIRST_S = 3.0
"""Whoever had a call may come back this long after its end, before another client is told of it."""
NORMAL = 1000
"""Who closes with this does not come back."""
REFUSED, NOT_ALLOWED, TOO_SLOW, REPLACED, FAILED = 4001, 4003, 4008, 4009, 1011


class Closed(Exception):
    """The connection is over. Without a code the client closed it."""

    def __init__(self, code: int = 0, reason: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class SdkConsumer(AsyncConsumer):
    """One connection of one SDK process."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._receive, self._send = receive, send
        if (await receive())["type"] != "websocket.connect":
            return
        # Accepted first: a client can read the reason of a close, but not of a refused handshake.
        await send({"type": "websocket.accept"})
        self._headers = HttpHeaders({f"HTTP_{_meta(name)}": _text(value) for name, value in scope["headers"]})
        try:
            query = parse_qs(_text(scope.get("query_string", b"")))
            admitted = await open_in_thread(admit, self._headers, query)
        except ApiProblem as refused:
            await self._close(REFUSED if refused.status == 401 else NOT_ALLOWED, refused.message)
            return
        await self._serve(admitted)

    # -- one admitted connection --------------------------------------------------------------------

    async def _serve(self, admitted: Admitted) -> None:
        self._layer = get_channel_layer()
        channel = await self._layer.new_channel()
        legacy = not speaks_protocol(self._headers.get("X-Patter-Protocol", ""))
        self._door = Door(admitted.organisation.pk, make_id("con"), channel, admitted.names, legacy)
        self._news = asyncio.Event()
        self._commands = Commands(admitted.organisation, self._callback_base(), self._push)
        self._said_goodbye = False
        self.gone = asyncio.Event()
        groups = [doors_group(self._door.organisation_id), self._own_group()]
        for group in groups:
            await self._layer.group_add(group, channel)
        connections().add(self)
        self._greet(resumed=False)
        for code, sentence in admitted.complaints:
            self._commands.complain(code, sentence)
        try:
            await self._run()
        finally:
            connections().discard(self)
            self.gone.set()
            await asyncio.shield(self._leave([*groups, self._own_group()]))

    async def _run(self) -> None:
        closed: BaseExceptionGroup[BaseException] | None = None
        try:
            async with asyncio.TaskGroup() as self._tasks:
                for work in (self._read_client, self._read_bus, self._write, self._keep):
                    self._tasks.create_task(work(), name=f"sdk {self._door.connection_id}")
                self._tasks.create_task(self._collect_ends())
                await self._tell_calls({"type": "sdk.joined"})
        except* (Closed, Overflow) as over:
            closed = over
        except* Exception as fault:
            logger.error("An SDK socket failed", exc_info=fault)
            await self._close(FAILED)
        if closed is not None:
            await self._say_why(closed.exceptions[0])

    async def _say_why(self, over: BaseException) -> None:
        if isinstance(over, Overflow):
            await self._close(TOO_SLOW, "Frames were not read: more than 1,000 wait.")
        elif isinstance(over, Closed) and over.code:
            await self._close(over.code, over.reason)

    async def _leave(self, groups: list[str]) -> None:
        door = self._door
        for group in set(groups):
            with contextlib.suppress(Exception):
                await self._layer.group_discard(group, door.channel)
        with contextlib.suppress(Exception):
            await open_in_thread(remember_connection, door.organisation_id, door.connection_id)
        lost = {"type": "sdk.lost", "connection_id": door.connection_id, "channel": door.channel}
        with contextlib.suppress(Exception):
            await self._tell_calls({**lost, "gone": self._said_goodbye})

    def _own_group(self) -> str:
        return connection_group(self._door.organisation_id, self._door.connection_id)

    def _callback_base(self) -> str:
        """Where carriers reach us; in development where this client did."""
        base: str = settings.PATTER_PUBLIC_URL
        return base or (f"http://{self._headers.get('Host', '')}" if settings.DEBUG else "")

    async def _tell_calls(self, message: dict[str, Any]) -> None:
        await self._layer.group_send(calls_group(self._door.organisation_id), message)

    # -- to the client --------------------------------------------------------------------------------

    def _push(self, frame: Frame) -> int:
        seq = self._door.send(frame)
        self._news.set()
        return seq

    def _greet(self, *, resumed: bool) -> None:
        self._push(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "connection_id": self._door.connection_id,
                "heartbeat_s": HEARTBEAT_S,
                "resumed": resumed,
            }
        )

    async def _write(self) -> None:
        while True:
            while (text := self._door.next()) is not None:
                try:
                    await self._send({"type": "websocket.send", "text": text})
                except RuntimeError:
                    raise Closed from None  # the client closed at this moment
            self._news.clear()
            await self._news.wait()

    def go_away(self, deadline_s: float) -> None:
        """This server stops: no new calls, and the client is asked to connect elsewhere."""
        self._door.closing = True
        with contextlib.suppress(Overflow):
            self._push({"type": "goaway", "deadline_s": deadline_s})

    async def _close(self, code: int, reason: str = "") -> None:
        with contextlib.suppress(RuntimeError):
            await self._send({"type": "websocket.close", "code": code, "reason": reason[:120]})

    async def _keep(self) -> None:
        """Be remembered, and see from time to time whether the key still opens this door."""
        while True:
            try:
                await open_in_thread(
                    remember_connection, self._door.organisation_id, self._door.connection_id
                )
                await asyncio.sleep(HEARTBEAT_S)
                await open_in_thread(admit, self._headers, {})
            except ApiProblem as refused:
                raise Closed(REFUSED, refused.message) from refused
            except Exception as error:  # a database that is away must not end calls
                logger.warning("An SDK's key could not be looked at", reason=type(error).__name__)
                await asyncio.sleep(HEARTBEAT_S)

    # -- from the bus -------------------------------------------------------------------------------------

    async def _read_bus(self) -> None:
        door = self._door
        while True:
            match await self._layer.receive(door.channel):
                case {"type": "sdk.frame", "call_id": call_id, "number": number, "frame": frame, "reply": to}:
                    seq = door.deliver(call_id, number, to, frame)
                    self._news.set()
                    acked = {"type": "sdk.ack", "number": number, "seq": seq}
                    await self._layer.send(to, {**acked, "connection_id": door.connection_id})
                case {"type": "sdk.offer", "reply": to, "search": search} as offer:
                    await self._bid(to, search, offer)
                case {"type": "sdk.tell", "frame": frame}:
                    self._push(frame)
                case {"type": "sdk.over"} as over:
                    self._hear_of_end(over)
                case {"type": "sdk.replaced", "channel": channel} if channel != door.channel:
                    raise Closed(REPLACED, "This connection was resumed by another one.")

    async def _bid(self, to: str, search: int, offer: dict[str, Any]) -> None:
        rank = self._door.rank(offer)
        if rank is None:
            return
        bid = {"type": "sdk.bid", "search": search, "connection": self._door.describe()}
        await self._layer.send(to, {**bid, "rank": rank, "load": len(self._door.calls)})

    async def _collect_ends(self) -> None:
        """Ends that found nobody: perhaps this client was away."""
        try:
            ends = await open_in_thread(untold_ends, self._door.organisation_id)
        except Exception as error:  # a database that is away must not end this connection
            logger.warning("Ends of calls could not be looked up", reason=type(error).__name__)
            return
        for ago_s, over in ends:
            self._hear_of_end(over, ago_s)

    def _hear_of_end(self, over: dict[str, Any], ago_s: float = 0.0) -> None:
        """A call is over, and no client knows. One is told: whoever had it, else the nearest that asks."""
        rank, owner = self._door.rank(over), over["owner"]
        if owner == self._own_group():
            wait_s = 0.0
        elif rank is None:
            return
        else:
            comes_back_s = max(0.0, OWNER_FIRST_S - ago_s) if owner else 0.0
            wait_s = comes_back_s + (rank - NAMES_NUMBER) * NEARER_FIRST_S
        self._tasks.create_task(self._take_end(over["call_id"], owner, wait_s))

    async def _take_end(self, call_id: str, owner: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        mine = (self._door.organisation_id, call_id, owner, self._own_group())
        try:
            frame = await open_in_thread(take_end, *mine)
        except Exception as error:  # a database that is away must not end this connection
            logger.warning("The end of a call was not told", reason=type(error).__name__)
            return
        if frame is not None:
            self._push(frame)

    # -- from the client --------------------------------------------------------------------------------

    async def _read_client(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._said_goodbye = message.get("code") == NORMAL
                raise Closed
            try:
                frame = read_frame(message.get("text") or message.get("bytes") or b"")
            except BadFrame as bad:
                self._commands.complain("bad_frame", str(bad))
            else:
                await self._take(frame)

    async def _take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in REPLIES:
            await self._take_reply(frame)
        elif kind == "resume":
            await self._resume(frame)
        elif kind == "call" or kind in COMMANDS:
            self._commands.start(frame, self._own_group(), self._tasks)

    async def _take_reply(self, frame: dict[str, Any]) -> None:
        """One that cannot be meant is said to the client, and its turn is not waited for."""
        call_id, reply = id_of(frame), reply_of(frame)
        if problem := problem_of(frame):
            self._commands.complain("bad_frame", problem, frame)
            reply = {**reply, "type": "response_error", "code": "handler_error", "message": problem}
        if call_id:
            await self._pass_on(call_id, reply)

    async def _pass_on(self, call_id: str, frame: dict[str, Any]) -> None:
        mine = {"call_id": call_id, "connection_id": self._door.connection_id}
        said = {"type": "sdk.said", **mine, "frame": frame}
        if to := self._door.calls.get(call_id):
            await self._layer.send(to, said)
        else:  # after it came back a client may answer before the call found its way here
            await self._tell_calls(said)

    async def _resume(self, frame: dict[str, Any]) -> None:
        """The client was another connection before, and read it up to ``last_seq``."""
        before, last_seq, door = id_of(frame, "connection_id"), frame.get("last_seq"), self._door
        if before == door.connection_id:
            return  # it never went away
        last_seq = last_seq if isinstance(last_seq, int) and 0 <= last_seq < 2**53 else 0
        if not await open_in_thread(is_remembered, door.organisation_id, before):
            self._greet(resumed=False)
            return
        temporary = self._own_group()
        door.resume(before, last_seq)
        await self._layer.group_add(self._own_group(), door.channel)
        await self._layer.group_discard(temporary, door.channel)
        self._greet(resumed=True)
        await self._layer.group_send(self._own_group(), {"type": "sdk.replaced", "channel": door.channel})
        await self._tell_calls({"type": "sdk.moved", "connection": door.describe(), "last_seq": last_seq})
        await self._collect_ends()


_open: dict[int, set[SdkConsumer]] = {}


def connections() -> set[SdkConsumer]:
    """The SDK connections of this process's event loop."""
    return _open.setdefault(id(asyncio.get_running_loop()), set())


async def send_sdks_away(deadline_s: float) -> None:
    """This process stops. Returns when every SDK has left, or the deadline is over."""
    leaving = list(connections())
    for connection in leaving:
        connection.go_away(deadline_s)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            for connection in leaving:
                await connection.gone.wait()


def speaks_protocol(header: str) -> bool:
    """Whether a client knows our frames. A newer one is greeted with what we speak, and decides."""
    return header.isascii() and header.isdigit() and int(header[:6]) >= PROTOCOL


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _meta(name: bytes) -> str:
    return _text(name).upper().replace("-", "_")


sdk_sockets = [path("ws/sdk", SdkConsumer.as_asgi())]

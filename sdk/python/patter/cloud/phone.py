"""Cloud mode behind the facade: connect, call, disconnect."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, cast

from patter import rows
from patter.call import Call
from patter.cloud.calls import CloudCalls
from patter.cloud.commands import CallCommands
from patter.cloud.keep_alive import KeepAlive, signals_end
from patter.cloud.rest import Rest
from patter.cloud.socket import Socket
from patter.errors import ApiError, AuthError, ConfigError, ConnectError, PatterError
from patter.options import CallOptions, CloudOptions, Listeners, Registration
from patter.types import Agent, Data, SttConfig, TtsConfig

logger = logging.getLogger("patter")

LOOK_EVERY_S = 15.0
LOOK_EVERY_ALONE_S = 2.0
"""How often a placed call is looked at, with and without a connection that tells its end at once."""
TERMINAL = frozenset({"completed", "failed", "cancelled"})


class CloudPhone:
    """One connection to one platform, and its REST interface beside it."""

    def __init__(self, options: CloudOptions) -> None:
        self._options = options
        self._socket: Socket | None = None
        self._calls: CloudCalls | None = None
        self._task: asyncio.Task[None] | None = None
        self._watching: dict[asyncio.Task[None], Call] = {}
        self._ending: asyncio.Task[None] | None = None
        self._connecting = self._disconnecting = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.rest = Rest(options)
        # One for all connections: a call that was placed before one is acted upon over it.
        self._commands = CallCommands(self._send, self._is_connected, self.rest.calls)

    def _here(self) -> None:
        """A connection and its calls belong to an event loop; in the next one they are begun anew.

        A program may well use one Patter in several ``asyncio.run``. Raises ConfigError where the loop
        before still runs, in another thread.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise ConfigError("This Patter is in use in another event loop. Make one for each.")
        self._loop, self._connecting = loop, False
        self._socket = self._calls = self._task = self._ending = None
        self._watching = {}

    # -- the connection -------------------------------------------------------------------------------

    async def connect(
        self,
        listeners: Listeners,
        *,
        number: str = "",
        agent_id: str = "",
        registration: Registration | None = None,
        keep_alive: bool | None = None,
    ) -> None:
        self._here()
        if self._connecting or self._is_connected():
            raise ConfigError("This Patter is connected already. Call disconnect() first.")
        keeper = KeepAlive(keep_alive)
        numbers, agents = [number] if number else [], [agent_id] if agent_id else []
        self._connecting = True
        try:
            if self._ending is not None:  # the connection before is to be over, or it would end this one
                await asyncio.wait([self._ending])
            self._disconnecting = False
            if registration is not None:
                await self._register(registration)
            socket = Socket(self._options, self._take, numbers=numbers, agents=agents)
            self._calls = self._calls_of(listeners, socket)
            await socket.open()
        finally:
            self._connecting = False
        if self._disconnecting:
            await socket.close()
            raise ConnectError("disconnect() was called before connect() was done.")
        self._socket = socket
        self._task = asyncio.create_task(self._run(socket, keeper), name="patter connection")
        self._task.add_done_callback(_note_end)

    def _is_connected(self) -> bool:
        """Whether there is a connection, be it without a socket at this moment."""
        return self._task is not None and not self._task.done() and not self._disconnecting

    def _send(self, frame: Data) -> None:
        assert self._socket is not None
        self._socket.send(frame)

    def _calls_of(self, listeners: Listeners, socket: Socket) -> CloudCalls:
        return CloudCalls(listeners, socket.ledger, socket.send, self._commands)

    async def disconnect(self) -> None:
        """Also from within a handler or a callback: that one is not waited for, and runs to its end."""
        self._here()
        await asyncio.shield(self._end(asked_by=asyncio.current_task()))

    def _end(self, asked_by: asyncio.Task[Any] | None = None) -> asyncio.Task[None]:
        """In a task of its own: whoever asks may be cancelled by the very end that it asked for."""
        self._disconnecting = True
        if self._ending is None or self._ending.done():
            self._ending = asyncio.create_task(self._end_in_order(asked_by), name="patter disconnect")
        return self._ending

    async def _end_in_order(self, asked_by: asyncio.Task[Any] | None) -> None:
        if self._calls is not None:
            await self._calls.close(spare=asked_by)
        if self._socket is not None:
            await self._socket.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._stop_watching()
        await self.rest.close()

    async def wait_closed(self) -> None:
        """Until the connection is over. Raises AuthError where the platform refused the key meanwhile."""
        self._here()
        if self._task is None:
            raise ConfigError("There is no connection to wait for. Call connect() first.")
        await asyncio.wait([self._task])
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            raise error

    def _take(self, frame: Data) -> None:
        if self._calls is not None:
            self._calls.take(frame)

    async def _run(self, socket: Socket, keeper: KeepAlive) -> None:
        with contextlib.ExitStack() as listening:
            while True:
                try:
                    await socket.run()
                    return
                except asyncio.CancelledError:
                    if self._disconnecting:
                        raise
                    if not keeper.stays():
                        # The loop ends, and nobody else can any more.
                        await socket.leave()
                        await self.rest.close()
                        raise
                task = asyncio.current_task()
                assert task is not None
                task.uncancel()
                listening.enter_context(signals_end(self._end))
                socket.drop()  # what carried it was cancelled too: a new one, resumed

    async def _register(self, registration: Registration) -> None:
        await self.rest.numbers.register(**_registration_body(registration))

    # -- calls that we place ------------------------------------------------------------------------------

    async def call(self, options: CallOptions) -> Call:
        self._here()
        placer = self._socket.ledger.connection_id if self._socket is not None else ""
        row = await self.rest.calls.place(
            _call_body(options), idempotency_key=options.idempotency_key or "", placer=placer
        )
        if self._calls is None:
            self._calls = self._calls_of(Listeners(), Socket(self._options, self._take))
        call = self._calls.call(row["id"])
        call.caller, call.callee, call.direction = row["from"], row["to"], "outbound"
        call.status = call.status or row["status"]
        task = asyncio.create_task(self._watch(call), name=f"watch {call.id}")
        self._watching[task] = call
        task.add_done_callback(lambda done: self._watching.pop(done, None))
        return call

    async def _watch(self, call: Call) -> None:
        """The end of a call comes over the connection. Should it be missed, it is looked up."""
        while not call.is_over:
            connected = self._socket is not None and self._socket.is_open
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S if connected else LOOK_EVERY_ALONE_S):
                    await call.ended
                    return
            try:
                row = await self.rest.calls.get(call.id)
                call.status = row["status"]
                if row["status"] in TERMINAL:
                    call.finish(_end_of(row, await self.rest.calls.transcript(call.id)))
            except PatterError as error:
                if _is_final(error):
                    call.lose(error)
                    return

    def _stop_watching(self) -> None:
        for task, call in list(self._watching.items()):
            task.cancel()
            call.lose(ConnectError("Patter was disconnected before this call ended."))


def _registration_body(given: Registration) -> rows.Register:
    accounts = {
        "twilio": {"account_sid": given.provider_key, "auth_token": given.provider_secret},
        "telnyx": {
            "api_key": given.provider_key,
            "public_key": given.provider_secret,
            "connection_id": given.connection_id,
        },
    }
    body: dict[str, Any] = {"number": given.number, "carrier": given.provider, **accounts[given.provider]}
    for stage, config in (("stt", given.stt), ("tts", given.tts)):
        if config is not None:
            body[stage] = _provider_body(config)
    return cast(rows.Register, {**body, "replace": given.replace})


def _provider_body(config: SttConfig | TtsConfig) -> dict[str, Any]:
    spec = config.spec()
    fields = {
        "provider": spec.provider,
        "api_key": spec.api_key,
        "base_url": spec.base_url,
        "model": spec.model,
        "voice": spec.voice,
        "language": spec.language,
        "options": dict(spec.options) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _call_body(options: CallOptions) -> rows.CallCreate:
    if isinstance(options.agent, Agent):
        raise ConfigError("On a platform an agent is named by its id: agent='agt_…'.")
    fields = {
        "to": options.to,
        "from": options.from_number or None,
        "agent": options.agent,
        "first_message": options.first_message,
        "variables": options.variables,
        "custom_params": options.custom_params,
        "machine_detection": options.machine_detection,
        "on_machine": options.on_machine,
        "voicemail_message": options.voicemail_message,
        "record": options.record,
        "max_duration_s": options.max_duration_s,
        "ring_s": options.ring_s,
        "metadata": options.metadata,
    }
    return cast(rows.CallCreate, {name: value for name, value in fields.items() if value is not None})


def _end_of(row: rows.Call, turns: list[rows.Turn]) -> Data:
    """A call's row in the shape of the ``call_end`` frame."""
    seconds = row.get("duration_s") or 0
    spoken = (turn for turn in turns if turn["role"] in ("user", "assistant") and turn["text"])
    return {
        "call_id": row["id"],
        "reason": row.get("end_reason") or row.get("outcome") or "",
        "status": row["status"],
        "duration": seconds,
        "duration_seconds": seconds,
        "history": [{"role": turn["role"], "text": turn["text"]} for turn in spoken],
        "transcript": turns,
        "cost": None,
    }


def _is_final(error: PatterError) -> bool:
    """Whether asking again would be answered in the same way: the key is no good, or the row is gone."""
    return isinstance(error, AuthError) or (isinstance(error, ApiError) and error.status in (403, 404))


def _note_end(task: asyncio.Task[None]) -> None:
    """Somebody may never ask how it ended: it is said here."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("Patter is disconnected: %s", error)

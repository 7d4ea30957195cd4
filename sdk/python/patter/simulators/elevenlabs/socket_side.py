"""One ``multi-stream-input`` socket of the simulated ElevenLabs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.audio.mulaw import to_pcm16
from patter.audio.wav import write_mulaw
from patter.simulators.elevenlabs.contexts import Close, CloseSocket, Contexts, Generate
from patter.simulators.elevenlabs.rules import RefusalError, SocketPlan, planned
from patter.simulators.elevenlabs.sound import pieces_of
from patter.simulators.fault_plan import CutError, Fault

Speak = Callable[[str], Awaitable[bytes]]


class SocketSide:
    """``run`` it until the socket is over."""

    def __init__(
        self,
        socket: WebSocket,
        plan: SocketPlan,
        contexts: Contexts,
        *,
        speak: Speak,
        take_fault: Callable[[], Fault],
        note: Callable[[str], None],
    ) -> None:
        self._socket, self._plan, self._contexts = socket, plan, contexts
        self._speak, self._take_fault, self._note = speak, take_fault, note
        self._texts: dict[str, asyncio.Queue[str | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Read until somebody closes the socket."""
        reader = asyncio.create_task(self._read())
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait([reader, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = [reader, over, *self._tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while not self._over.is_set():
                try:
                    async with asyncio.timeout(self._plan.idle_s):
                        text = await self._socket.receive_text()
                    message = json.loads(text)
                    if not isinstance(message, dict):
                        raise ValueError("not an object")
                    for action in self._contexts.receive(message):
                        await self._perform(action)
                except TimeoutError:
                    sentence = f"Have not received a new text input within {self._plan.idle_s:g} seconds."
                    await self._fail(RefusalError(1008, "input_timeout_exceeded", sentence))
                except RefusalError as refusal:
                    await self._fail(refusal)
                except ValueError:
                    await self._fail(RefusalError(1008, "invalid_message", "Could not parse the message."))

    async def _perform(self, action: Generate | Close | CloseSocket) -> None:
        match action:
            case Generate(context, text):
                self._note(text)
                self._queue_of(context).put_nowait(text)
            case Close(context):
                self._queue_of(context).put_nowait(None)
            case CloseSocket():
                for queue in self._texts.values():
                    queue.put_nowait(None)
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await self._close(1000)

    def _queue_of(self, context: str) -> asyncio.Queue[str | None]:
        if (queue := self._texts.get(context)) is None:
            queue = self._texts[context] = asyncio.Queue()
            task = asyncio.create_task(self._carry(context, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return queue

    async def _carry(self, context: str, queue: asyncio.Queue[str | None]) -> None:
        """Speak what a context is given, then end it."""
        fault = Fault()
        try:
            while (text := await queue.get()) is not None:
                fault = self._take_fault()
                await self._generate(context, text, fault)
            if self._texts.get(context) is queue:
                del self._texts[context]
            self._contexts.ended(context)
            if not fault.no_end:
                await self._send({"isFinal": True, "contextId": context, "audio": None})
        except CutError:
            # The real one tears the connection down; a close code nobody planned for comes nearest.
            await self._close(1011)
        except RefusalError as refusal:
            await self._fail(refusal)

    async def _generate(self, context: str, text: str, fault: Fault) -> None:
        if fault.status:
            raise planned(fault.status, fault.code)
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault.silent:
            await self._over.wait()
        if fault.garbage:
            await self._socket.send_text('{"audio": oops')
        sound = b"" if fault.empty else await self._speak(text)
        if fault.wrong_format:
            sound = write_mulaw(sound)
        for count, (piece, times) in enumerate(pieces_of(text, sound, fault.piece_bytes)):
            if fault.cut_after == count:
                raise CutError
            if fault.stall_after == count:
                await self._over.wait()
            await self._send(self._audio(context, piece, times))
            await asyncio.sleep(0)

    def _audio(self, context: str, piece: bytes, times: dict[str, Any]) -> dict[str, Any]:
        data = piece if self._plan.output_format == "ulaw_8000" else to_pcm16(piece)
        alignment = times if self._plan.with_alignment else None
        return {
            "audio": base64.b64encode(data).decode(),
            "contextId": context,
            "alignment": alignment,
            "normalizedAlignment": alignment,
        }

    async def _send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(json.dumps(message))

    async def _fail(self, refusal: RefusalError) -> None:
        await self._send({"message": str(refusal), "error": refusal.code, "code": 1008})
        await self._close(1008, refusal.code)

    async def _close(self, code: int, reason: str = "") -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close(code, reason)
        self._over.set()

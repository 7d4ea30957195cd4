"""What is done to a call on the platform: over the connection where there is one, else by REST."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

from patter import rows
from patter.cloud.messages import Frame
from patter.cloud.resources import Calls
from patter.errors import ApiError, ConnectError

ANSWER_WITHIN_S = 15.0


class CallCommands:
    """Meets ``patter.call.CallActions``.

    Args:
        send: queues a frame for the connection.
        is_connected: whether there is one; it may be without a socket at the moment.
        rest: the platform's calls, for when there is none.
    """

    def __init__(self, send: Callable[[Frame], None], is_connected: Callable[[], bool], rest: Calls) -> None:
        self._send = send
        self._is_connected = is_connected
        self._rest = rest
        self._answers: dict[str, asyncio.Future[None]] = {}

    async def hang_up(self, call_id: str) -> None:
        if self._is_connected():
            await self._command("hang_up", call_id)
        else:
            await self._rest.hang_up(call_id)

    async def transfer(self, call_id: str, to: str, summary: str) -> None:
        if self._is_connected():
            await self._command("transfer", call_id, to=to, summary=summary)
        else:
            wish: rows.TransferRequest = {"target": to}
            if summary:
                wish["summary"] = summary
            await self._rest.transfer(call_id, **wish)

    async def send_digits(self, call_id: str, digits: str) -> None:
        if self._is_connected():
            await self._command("send_digits", call_id, digits=digits)
        else:
            await self._rest.send_digits(call_id, digits)

    async def say(self, call_id: str, text: str) -> None:
        if self._is_connected():
            await self._command("say", call_id, text=text)
        else:
            await self._rest.say(call_id, text)

    async def _command(self, kind: str, call_id: str, **fields: Any) -> None:
        """Raises ApiError with the platform's reason, ConnectError when it says nothing."""
        ref = uuid.uuid4().hex
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        try:
            self._send({"type": kind, "ref": ref, "call_id": call_id, **fields})
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await answer
        except TimeoutError:
            raise ConnectError(f"The platform did not answer {kind!r}: it may or may not be done.") from None
        finally:
            self._answers.pop(ref, None)

    def acked(self, frame: Frame) -> None:
        answer = self._answers.get(str(frame.get("ref")))
        if answer is not None and not answer.done():
            answer.set_result(None)

    def refused(self, frame: Frame) -> bool:
        """Whether this error answers a command."""
        answer = self._answers.get(str(frame.get("ref")))
        if answer is None:
            return False
        if not answer.done():
            answer.set_exception(ApiError(409, str(frame.get("code", "")), str(frame.get("message", ""))))
        return True

    def close(self) -> None:
        """Whoever waits is told; it is not known whether it was done."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectError("Patter was disconnected before the platform answered."))

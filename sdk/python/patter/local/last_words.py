"""Calls whose last words the carrier speaks in its own voice: each is hung up once, when they were said.

Telnyx tells by a webhook that it has spoken. Where that never comes, the time that the text takes decides.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from patter.errors import PatterError


class LastWords:
    """``hang_up`` is given the carrier's id of a call."""

    def __init__(self, hang_up: Callable[[str], Awaitable[None]]) -> None:
        self._hang_up = hang_up
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def expect(self, carrier_call_id: str, within_s: float) -> None:
        """They are being said, and will have been after so many seconds."""
        if carrier_call_id not in self._waiting:
            ends = self._end_after(carrier_call_id, within_s)
            self._waiting[carrier_call_id] = asyncio.create_task(ends, name="last words of a call")

    async def said(self, carrier_call_id: str) -> None:
        """The carrier has said them. Telling it twice changes nothing."""
        if waiting := self._waiting.pop(carrier_call_id, None):
            waiting.cancel()
            await self._end(carrier_call_id)

    async def close(self) -> None:
        """Nobody waits any longer."""
        for carrier_call_id in list(self._waiting):
            await self.said(carrier_call_id)

    async def _end_after(self, carrier_call_id: str, within_s: float) -> None:
        await asyncio.sleep(within_s)
        del self._waiting[carrier_call_id]
        await self._end(carrier_call_id)

    async def _end(self, carrier_call_id: str) -> None:
        with contextlib.suppress(PatterError):  # perhaps the caller was quicker
            await self._hang_up(carrier_call_id)

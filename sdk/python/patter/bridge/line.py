"""The caller's line, performed: frames to the leg, and what is asked of the carrier beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from patter.bridge.commands import (
    Clear,
    CloseLeg,
    HangUp,
    Mark,
    Play,
    SendDigits,
    StartRecording,
    TransferStart,
    TransferStop,
)
from patter.bridge.events import (
    DigitsFailed,
    DigitsSent,
    Event,
    HangUpDone,
    HangUpFailed,
    LegLost,
    RecordingRefused,
    TransferMoved,
)
from patter.bridge.ports import CarrierControl, Leg, TransferControl
from patter.bridge.work import Work
from patter.errors import PatterError

HANG_UP_TRIES = 3
HANG_UP_RETRY_S = 0.5
CARRIER_SAYS_WITHIN_S = 2.0
"""For the carrier to take a last text on. After that there is still time to hang up without it."""
CLOSE_WITHIN_S = 2.0
TRANSFER_STOP_TRIES = 3
TRANSFER_STOP_WITHIN_S = 8.0
CLOSE_LEG = "close_leg"
TRANSFER_STOP = "transfer_stop"
LAST_WORK = frozenset({CLOSE_LEG, TRANSFER_STOP})
"""The work that outlives the call by a moment: the leg is closed, a human is not left ringing."""


class Line:
    """One call's line. ``leg`` is its newest media socket."""

    def __init__(
        self,
        control: CarrierControl,
        transfers: TransferControl | None,
        work: Work,
        feed: Callable[[Event], None],
    ) -> None:
        self._control = control
        self._transfers = transfers
        self._work = work
        self._feed = feed
        self.leg: Leg | None = None
        self.carrier_call_id = ""
        self.table: dict[type, Callable[[Any], None]] = {
            Play: self._to_leg,
            Mark: self._to_leg,
            Clear: self._to_leg,
            HangUp: self._hang_up,
            SendDigits: self._send_digits,
            StartRecording: self._start_recording,
            TransferStart: self._transfer_start,
            TransferStop: self._transfer_stop,
            CloseLeg: self._close_leg,
        }

    def _to_leg(self, command: Play | Mark | Clear) -> None:
        leg = self.leg
        if leg is not None:
            self._work.safely(LegLost, leg.send, command)

    def _hang_up(self, command: HangUp) -> None:
        self._work.start("hang_up", lambda: self._hang_up_until_done(command), HangUpFailed)

    async def _carrier_says(self, command: HangUp) -> bool:
        try:
            async with asyncio.timeout(CARRIER_SAYS_WITHIN_S):
                await self._control.say_and_hang_up(self.carrier_call_id, command.say, command.language)
        except Exception:  # whatever it was: the call is hung up without it
            return False
        return True

    async def _hang_up_until_done(self, command: HangUp) -> None:
        if command.say and await self._carrier_says(command):
            self._feed(HangUpDone())
            return
        for attempt in range(1, HANG_UP_TRIES + 1):
            try:
                await self._control.hang_up(self.carrier_call_id)
            except PatterError as error:
                if attempt == HANG_UP_TRIES or getattr(error, "permanent", False):
                    self._feed(HangUpFailed(str(error)))
                    return
                await asyncio.sleep(HANG_UP_RETRY_S * attempt)
            else:
                self._feed(HangUpDone())
                return

    # -- keys and transfers -----------------------------------------------------------------------

    def _send_digits(self, command: SendDigits) -> None:
        async def work() -> None:
            await self._control.send_digits(self.carrier_call_id, command.digits)
            self._feed(DigitsSent())

        self._work.start("send_digits", work, DigitsFailed)

    def _start_recording(self, _command: StartRecording) -> None:
        ask = self._control.start_recording
        self._work.start("start_recording", lambda: ask(self.carrier_call_id), RecordingRefused)

    def _transfer_start(self, command: TransferStart) -> None:
        def failed(error: str) -> Event:
            return TransferMoved(command.transfer_id, "failed", "carrier_error")

        transfers = self._transfers
        if transfers is None:
            self._work.later(failed(""))
            return
        self._work.start(command.transfer_id, lambda: transfers.start(self.carrier_call_id, command), failed)

    def _transfer_stop(self, command: TransferStop) -> None:
        self._work.cancel(command.transfer_id)
        stop = self._stop_transfer
        self._work.start(TRANSFER_STOP, lambda: _within(TRANSFER_STOP_WITHIN_S, stop(command)), HangUpFailed)

    async def _stop_transfer(self, command: TransferStop) -> None:
        """What cannot be stopped is left to the call's own deadline."""
        for attempt in range(1, TRANSFER_STOP_TRIES + 1):
            try:
                if self._transfers is not None:
                    await self._transfers.stop(
                        self.carrier_call_id, command.transfer_id, recall=command.recall
                    )
                return
            except PatterError as error:
                if getattr(error, "permanent", False):
                    return
                await asyncio.sleep(HANG_UP_RETRY_S * attempt)

    def _close_leg(self, _command: CloseLeg) -> None:
        leg = self.leg
        if leg is not None:
            self._work.start(CLOSE_LEG, lambda: _within(CLOSE_WITHIN_S, leg.close()), HangUpFailed)


async def _within(seconds: float, work: Awaitable[None]) -> None:
    """Raises TimeoutError. ``asyncio.wait_for`` may swallow a cancellation before Python 3.12."""
    async with asyncio.timeout(seconds):
        await work

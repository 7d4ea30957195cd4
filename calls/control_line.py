"""What others ask of a call that is carried here, over the channel layer. Text and control only.

A message may get lost, and the layer may be away: what must not be missed is a row, too, and read from there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from channels.layers import get_channel_layer

from calls.adapters.replies import ReplyRelay
from calls.adapters.threads import open_in_thread
from calls.selectors import hang_up_wishes, verdicts_on
from calls.services.control import group_of
from patter.bridge.events import (
    CarrierEnded,
    DigitsAsked,
    Event,
    HangUpAsked,
    MachineHeard,
    SayAsked,
    TransferAsked,
    TransferMoved,
)

logger = structlog.get_logger(__name__)
LISTEN_AGAIN_S = 2.0


class ControlLine:
    """One call's. ``run`` is its task, and ends only when it is cancelled."""

    def __init__(self, call_id: str, feed: Callable[[Event], object], replies: ReplyRelay) -> None:
        self._call_id = call_id
        self._feed = feed
        self._replies = replies

    async def run(self) -> None:
        """Hear what is asked. A layer that is away does not end the call: it is tried again."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                name = type(error).__name__
                logger.warning("A call cannot be reached over the bus", call=self._call_id, error=name)
                await self._hear_what_was_asked_before()
            await asyncio.sleep(LISTEN_AGAIN_S)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        group, channel = group_of(self._call_id), await layer.new_channel()
        try:
            await layer.group_add(group, channel)
            await self._hear_what_was_asked_before()
            while True:
                message = await layer.receive(channel)
                if self._replies.take(message):
                    continue
                event = _control_event(message)
                if event is not None:
                    self._feed(event)
        finally:
            with contextlib.suppress(Exception):
                await layer.group_discard(group, channel)

    async def _hear_what_was_asked_before(self) -> None:
        """Who answered, or a hang-up, may have been told before this task's first ear on the layer."""
        try:
            verdicts = await open_in_thread(verdicts_on, self._call_id)
            wishes = await open_in_thread(hang_up_wishes, [self._call_id])
        except Exception as error:  # a database that is away must not end the call
            logger.warning("What was told earlier could not be looked up", error=type(error).__name__)
            return
        for told in verdicts:  # one that comes over the layer, too, changes nothing the second time
            self._feed(_machine_heard(told))
        for reason in wishes.values():
            self._feed(HangUpAsked(reason))


def _control_event(message: dict[str, Any]) -> Event | None:
    match message:
        case {"type": "call.hang_up"}:
            return HangUpAsked(str(message.get("reason", "api_hung_up")))
        case {"type": "call.say", "text": str(text)}:
            return SayAsked(text)
        case {"type": "call.digits", "digits": str(digits)}:
            return DigitsAsked(digits)
        case {"type": "call.transfer", "target": str(target)}:
            return TransferAsked(target, str(message.get("kind", "")), str(message.get("summary", "")))
        case {"type": "call.transfer_moved", "ref": str(ref), "state": str(state)}:
            returns = bool(message.get("returns"))
            return TransferMoved(ref, state, str(message.get("reason", "")), returns)
        case {"type": "call.machine_detected", "result": str()}:
            return _machine_heard(message)
        case {"type": "call.carrier_ended"}:
            return CarrierEnded(str(message.get("cause", "caller_hung_up")))
        case _:
            return None


def _machine_heard(told: Mapping[str, Any]) -> MachineHeard:
    """From a line of the timeline, or what was published of it."""
    at = told.get("occurred_at")
    detail = str(told.get("detail", ""))
    return MachineHeard(
        str(told["result"]), bool(told.get("beep")), detail, None if at is None else float(at)
    )

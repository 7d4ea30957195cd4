"""The user's ``on_message``, in a process of theirs, asked over ``/ws/sdk``."""

from __future__ import annotations

from calls.adapters.call_log import CallLog
from calls.adapters.courier import CallCourier
from patter.bridge.commands import HandlerAsk
from patter.bridge.ports import Emit
from patter.bridge.records import Entry


class RemoteHandler:
    """Meets ``patter.bridge.ports.Handler``."""

    def __init__(self, courier: CallCourier) -> None:
        self._courier = courier

    async def ask(self, command: HandlerAsk, emit: Emit) -> None:
        await self._courier.ask(command, emit)

    def cancel(self, turn_id: str, heard: str) -> None:
        self._courier.cancel(turn_id, heard)


class ToldLog:
    """A call's log that the SDK hears too. Meets ``patter.bridge.ports.CallLog``."""

    def __init__(self, log: CallLog, courier: CallCourier) -> None:
        self._log = log
        self._courier = courier

    def write(self, entry: Entry) -> None:
        self._log.write(entry)
        self._courier.write(entry)

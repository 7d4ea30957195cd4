"""The calls of one connection: frames become callbacks and handlers, what handlers say becomes frames."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.call import Call
from patter.callbacks import Callbacks
from patter.cloud import messages
from patter.cloud.commands import CallCommands
from patter.cloud.ledger import Ledger
from patter.cloud.messages import Answer, Frame
from patter.handlers import HandlerRunner
from patter.options import Listeners
from patter.types import Data

logger = logging.getLogger("patter")

CALLBACKS_WITHIN_S = 1.0
MOST_CALLS = 2_000
"""Calls that are remembered; those that are over go first."""


class CloudCalls:
    """``take`` is given every frame, in order, and never blocks."""

    def __init__(
        self,
        listeners: Listeners,
        ledger: Ledger,
        send: Callable[[Frame], None],
        commands: CallCommands,
    ) -> None:
        self._listeners = listeners
        self._ledger = ledger
        self._send = send
        self._commands = commands
        self._runner = HandlerRunner(listeners.on_message) if listeners.on_message else None
        self._calls: OrderedDict[str, Call] = OrderedDict()
        self._callbacks: dict[str, Callbacks] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._table: dict[str, Callable[[Frame], None]] = {
            "call_start": self._call_start,
            "call_status": self._call_status,
            "message": self._message,
            "cancel": self._cancel,
            "turn_lost": self._turn_lost,
            "transcript": lambda frame: self._tell("on_transcript", frame),
            "dtmf": lambda frame: self._tell("on_dtmf", frame),
            "machine_detection": lambda frame: self._tell("on_machine_detection", frame),
            "call_end": self._call_end,
            "ack": commands.acked,
            "error": self._refused,
        }

    def call(self, call_id: str) -> Call:
        """The call of this id, known or not."""
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = Call(call_id, self._commands)
            self._forget_oldest()
        return call

    def take(self, frame: Frame) -> None:
        act = self._table.get(frame["type"])
        if act is not None and self._ledger.is_new(frame):
            act(frame)

    async def close(self, spare: asyncio.Task[Any] | None = None) -> None:
        """Cancel the handlers that run and let callbacks finish; whichever runs in ``spare`` goes on."""
        if self._runner is not None:
            await self._runner.close(spare)
        others = [callbacks for callbacks in self._callbacks.values() if not callbacks.run_in(spare)]
        await asyncio.gather(*(callbacks.finish(CALLBACKS_WITHIN_S) for callbacks in others))
        self._commands.close()

    # -- what becomes of a call ---------------------------------------------------------------------

    def _call_start(self, frame: Frame) -> None:
        call = self.call(str(frame.get("call_id", "")))
        call.caller, call.callee = str(frame.get("caller", "")), str(frame.get("callee", ""))
        call.direction, call.status = str(frame.get("direction", "")), "answered"
        call.custom_params = messages.names_of(frame, "custom_params")
        call.variables = messages.names_of(frame, "variables")
        self._tell("on_call_start", frame)

    def _call_status(self, frame: Frame) -> None:
        self.call(str(frame.get("call_id", ""))).status = str(frame.get("status", ""))
        self._tell("on_call_status", frame)

    def _call_end(self, frame: Frame) -> None:
        self._tell("on_call_end", frame)
        call_id = str(frame.get("call_id", ""))
        self.call(call_id).finish(_data(frame))

    def _tell(self, name: str, frame: Frame) -> None:
        call_id = str(frame.get("call_id", ""))
        call, history = self.call(call_id), messages.history_of(frame)
        if history is not None:
            call.note_history(history)
        callbacks = self._callbacks.setdefault(call_id, Callbacks(call_id))
        # Every callback is given whose call it is and the conversation so far, as in local mode.
        known = {"caller": call.caller, "callee": call.callee, "direction": call.direction}
        told = {**known, "history": call.history, **_data(frame)}
        callbacks.tell(name, getattr(self._listeners, name), told)

    def _forget_oldest(self) -> None:
        over = [call_id for call_id, call in self._calls.items() if call.is_over]
        for call_id in over[: max(0, len(self._calls) - MOST_CALLS)]:
            del self._calls[call_id]
            self._callbacks.pop(call_id, None)

    # -- turns ------------------------------------------------------------------------------------------

    def _message(self, frame: Frame) -> None:
        call_id, turn_id = str(frame.get("call_id", "")), str(frame.get("turn_id", ""))
        answer, first = self._ledger.begin(call_id, turn_id)
        self._send(messages.received(call_id, turn_id))
        if not first:  # the answer may have been lost on its way; a handler that runs still answers
            for again in answer.frames:
                self._send(again)
            return
        if self._runner is None:
            self._said(answer, HandlerFailed(turn_id, "handler_error", "connect() was given no on_message"))
            return
        call = self.call(call_id)
        incoming = messages.incoming(frame, call.direction)
        call.note_history(incoming.history)
        run = self._runner.run(incoming, call, lambda event: self._said(answer, event))
        task = asyncio.create_task(run, name=f"turn {call_id} {turn_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _said(self, answer: Answer, event: HandlerDelta | HandlerDone | HandlerFailed) -> None:
        for frame in answer.take(event):
            self._send(frame)
        if isinstance(event, HandlerDelta):
            # A reply that is a plain text is done in this very moment, and is one frame.
            asyncio.get_running_loop().call_soon(self._flush, answer)

    def _flush(self, answer: Answer) -> None:
        for frame in answer.flush():
            self._send(frame)

    def _cancel(self, frame: Frame) -> None:
        if self._runner is not None:
            heard = str(frame.get("heard", ""))
            self._runner.cancel(str(frame.get("call_id", "")), str(frame.get("turn_id", "")), heard)

    def _turn_lost(self, frame: Frame) -> None:
        logger.warning(
            "A turn was lost: its answer came too late and the caller heard a phrase instead",
            extra={"call": frame.get("call_id"), "turn": frame.get("turn_id")},
        )
        self._cancel(frame)

    def _refused(self, frame: Frame) -> None:
        if not self._commands.refused(frame):
            logger.warning("The platform says: %s (%s)", frame.get("message", ""), frame.get("code", ""))


def _data(frame: Frame) -> Data:
    """What callbacks are given: the frame without what belongs to the wire."""
    return {name: value for name, value in frame.items() if name not in ("type", "seq")}

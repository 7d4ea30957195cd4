"""What an SDK asks for, carried out beside its frames: each in a task, a few at once, each answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from calls.adapters.threads import open_in_thread
from calls.sdk.client_frames import echo_of
from calls.sdk.facts import Frame
from calls.services.sdk_commands import obey, refusal_of
from patter_site.accounts.models import Organisation

logger = structlog.get_logger(__name__)

MOST_AT_ONCE = 50
"""Commands of one connection that are being carried out."""


class Commands:
    """One connection's. ``answer`` sends its client a frame; ``callback_base`` is where carriers reach us."""

    def __init__(
        self, organisation: Organisation, callback_base: str, answer: Callable[[Frame], object]
    ) -> None:
        self._organisation = organisation
        self._callback_base = callback_base
        self._answer = answer
        self._running = 0

    def start(self, frame: dict[str, Any], reply_to: str, tasks: asyncio.TaskGroup) -> None:
        """Carry a command out. ``reply_to`` is the bus address that a call placed with it belongs to."""
        if self._running >= MOST_AT_ONCE:
            self.complain("too_many", "Too many commands at once. Wait for their answers.", frame)
            return
        self._running += 1
        tasks.create_task(self._obey(frame, reply_to), name=f"sdk {frame['type']}")

    async def _obey(self, frame: dict[str, Any], reply_to: str) -> None:
        wish = {"reply_to": reply_to, "callback_base": self._callback_base}
        try:
            call_id = await open_in_thread(obey, self._organisation, frame, **wish)
        except Exception as error:
            code, sentence = refusal_of(error)
            if code == "internal":
                logger.exception("A command of an SDK failed", kind=frame["type"])
            self.complain(code, sentence, frame)
        else:
            self._answer({"type": "ack", "ref": None, **echo_of(frame), "call_id": call_id})
        finally:
            self._running -= 1

    def complain(self, code: str, sentence: str, frame: dict[str, Any] | None = None) -> None:
        """Tell the client what is wrong with a frame of its."""
        error: Frame = {"type": "error", "code": code, "message": sentence}
        self._answer({**error, **echo_of(frame or {})})

"""One call, in the user's hands: what can be done to it, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from patter.types import Data


class CallActions(Protocol):
    """What a home can do to a call of its own. Each raises PatterError with the reason when it cannot."""

    async def hang_up(self, call_id: str) -> None: ...

    async def transfer(self, call_id: str, to: str, summary: str) -> None: ...

    async def send_digits(self, call_id: str, digits: str) -> None: ...

    async def say(self, call_id: str, text: str) -> None: ...


class Call:
    """A call that runs or ran: what ``phone.call()`` gives, and a handler gets as its second parameter."""

    def __init__(
        self, call_id: str, actions: CallActions, *, caller: str = "", callee: str = "", direction: str = ""
    ) -> None:
        self.id = call_id
        self.caller = caller
        self.callee = callee
        self.direction = direction
        self.status = ""
        """queued, dialling, ringing, answered, ended; on a platform also the words of its ``calls``."""
        self.custom_params: Mapping[str, str] = {}
        self.variables: Mapping[str, Any] = {}
        self._actions = actions
        self._ended: asyncio.Future[Data] = asyncio.get_running_loop().create_future()
        self._end: Data = {}
        self._history: list[dict[str, str]] = []

    def __repr__(self) -> str:
        return f"<Call {self.id} {self.status or self.direction}>"

    # -- what can be done -------------------------------------------------------------------------

    async def hang_up(self) -> None:
        """End the call. What is being said is cut."""
        await self._actions.hang_up(self.id)

    async def transfer(self, to: str, *, summary: str = "") -> None:
        """Connect the caller with somebody else: a number, or the name of one of the agent's targets."""
        await self._actions.transfer(self.id, to, summary)

    async def send_digits(self, digits: str) -> None:
        """Press keys on the line, such as ``"12#"``; ``w`` waits half a second."""
        await self._actions.send_digits(self.id, digits)

    async def say(self, text: str) -> None:
        """Let the agent say this now; it cuts what is being said."""
        await self._actions.say(self.id, text)

    # -- what became of it ------------------------------------------------------------------------

    @property
    def ended(self) -> Awaitable[Data]:
        """``await call.ended`` waits for the end and gives what ``on_call_end`` is given."""
        return asyncio.shield(self._ended)

    @property
    def is_over(self) -> bool:
        return self._ended.done()

    @property
    def transcript(self) -> list[Data]:
        """All turns with times, once the call is over."""
        return list(self._end.get("transcript") or [])

    @property
    def history(self) -> list[dict[str, str]]:
        """``[{role, text}]``: what was said and heard so far."""
        return list(self._end.get("history") or self._history)

    @property
    def reason(self) -> str:
        """Why it ended, from the closed list of end reasons; empty while it runs."""
        return str(self._end.get("reason") or "")

    @property
    def duration_s(self) -> float:
        return float(self._end.get("duration_seconds") or 0)

    @property
    def cost(self) -> Any:
        """What it cost. None until the platform has prices; in local mode the carrier's bill says it."""
        return self._end.get("cost")

    def note_history(self, history: Sequence[Mapping[str, str]]) -> None:
        """The home says what was said and heard so far."""
        self._history = [dict(turn) for turn in history]

    def lose(self, error: Exception) -> None:
        """Its end will never be known here; whoever waits for it is told so."""
        if not self._ended.done():
            self._ended.set_exception(error)
            self._ended.exception()  # perhaps nobody waits

    def finish(self, end: Data) -> None:
        """The home says that it is over. A second time changes nothing."""
        if not self._ended.done():
            self._end = dict(end)
            self.status = "ended"
            self._ended.set_result(self._end)

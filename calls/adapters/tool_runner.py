"""Tools of a hosted call: the first try from here, the others by whoever takes the row, and one answer.

Nothing is sent before its row is there. Tries 2 and 3 are due rows: a worker is woken for each, the sweep
finds those whose wake was lost, and where no worker runs this process takes them itself. What came of them
is read from the row, so that no message can be lost on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog

from calls.adapters.threads import tool_in_thread
from calls.services.invocations import (
    Standing,
    Taken,
    begin_invocation,
    record_try,
    standing_of,
    take_invocation,
)
from calls.tasks import retry_tool
from patter.bridge.commands import ToolRun
from patter.tools.direct import try_tool
from patter.tools.results import UNKNOWN
from patter.tools.spec import ToolContext, ToolOutcome, ToolSpec, refused
from patter.tools.webhook import Try
from patter_site.common.addresses import outside_guard
from patter_site.common.jobs import wake

logger = structlog.get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

POLL_S = 0.3
UNTAKEN_S = 1.5
"""A try that nobody took for so long after it was due is taken from here."""
LONGEST_S = 300.0
"""Three tries of the longest tool. Afterwards the rows say what became of it."""
WRITE_WITHIN_S = 5.0
NOT_WRITTEN = (
    "The tool was not called: it could not be written down first. Tell the caller that it does not work just "
    "now."
)


class JournaledTools:
    """Runs webhooks and MCP tools of one call, each as a row."""

    def __init__(self, organisation_id: str, context: ToolContext) -> None:
        self._organisation_id = organisation_id
        self._context = context

    def end(self) -> None:
        """The call is over. Whoever takes the next try sees it from the call's row."""

    async def perform(self, spec: ToolSpec, command: ToolRun) -> ToolOutcome:
        """Send it, wait for what comes of it. Does not raise."""
        try:
            taken = await _soon(begin_invocation, self._organisation_id, self._context, spec, command)
        except Exception as error:
            logger.warning("A tool was not sent", call=self._context.call_id, error=type(error).__name__)
            return refused(NOT_WRITTEN)
        one = await _tried(taken, command.arguments)
        standing = await self._recorded(taken, one)
        if standing.outcome is not None:
            return standing.outcome
        return await self._awaited(taken.invocation.pk, standing)

    async def _recorded(self, taken: Taken, one: Try) -> Standing:
        try:
            standing = await tool_in_thread(record_try, taken, one)
        except Exception as error:
            # The answer is here, so the model gets it; the row is found by the sweep, and is not sent again.
            logger.warning(
                "A tool's answer was not kept", call=self._context.call_id, error=type(error).__name__
            )
            return Standing(ToolOutcome(one.result) if one.ok else ToolOutcome(UNKNOWN, ok=False))
        if standing.due_in_s is not None:
            await tool_in_thread(wake, retry_tool, taken.invocation.pk, in_s=standing.due_in_s)
        return standing

    async def _awaited(self, invocation_id: str, standing: Standing) -> ToolOutcome:
        """Watch the row until it has an outcome."""
        try:
            async with asyncio.timeout(LONGEST_S):
                while standing.outcome is None:
                    await asyncio.sleep(POLL_S)
                    standing = await tool_in_thread(standing_of, invocation_id)
                    if standing.due_in_s is not None and standing.due_in_s < -UNTAKEN_S:
                        standing = await self._taken_here(invocation_id) or standing
        except TimeoutError:
            return ToolOutcome(UNKNOWN, ok=False)
        return standing.outcome

    async def _taken_here(self, invocation_id: str) -> Standing | None:
        taken = await tool_in_thread(take_invocation, invocation_id)
        if taken is None:
            return None
        return await self._recorded(taken, await _tried(taken, taken.invocation.arguments))


async def _tried(taken: Taken, arguments: object) -> Try:
    return await try_tool(
        taken.spec, taken.context, arguments, taken.invocation.pk, taken.number, outside_guard()
    )


async def _soon(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    async with asyncio.timeout(WRITE_WITHIN_S):
        return await tool_in_thread(work, *args, **kwargs)

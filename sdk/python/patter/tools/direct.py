"""Tools that are run from within this process, tries and all: the home without a platform."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from patter.bridge.commands import ToolRun
from patter.tools.functions import run_function
from patter.tools.guard import Guard
from patter.tools.mcp import McpFailed, call_tool
from patter.tools.requests import request_of
from patter.tools.results import UNKNOWN
from patter.tools.retry import Failure, next_try_in_s
from patter.tools.runner import Tools
from patter.tools.secrecy import secrets_of, without
from patter.tools.spec import ToolContext, ToolOutcome, ToolSpec, refused
from patter.tools.webhook import Try, post

OnFailed = Callable[[ToolSpec, str, Failure], None]
"""Told when a tool has failed for good: the tool, its ``webhook-id``, the last failure."""


def local_tools(
    specs: Iterable[ToolSpec],
    context: ToolContext,
    *,
    guard: Guard | None = None,
    on_failed: OnFailed | None = None,
) -> Tools:
    """The tools of one call, for a home without a platform. Addresses are the developer's own: no guard."""
    direct = DirectTools(context, guard, on_failed)
    return Tools(specs, {"webhook": direct, "mcp": direct, "function": direct})


class DirectTools:
    """Tries a webhook up to three times, under one ``webhook-id``; functions and MCP tools once.

    When the call is over, ``end`` stops the tries of all tools that are not to outlive it.
    """

    def __init__(
        self,
        context: ToolContext,
        guard: Guard | None = None,
        on_failed: OnFailed | None = None,
        wait: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._context = context
        self._guard = guard
        self._on_failed = on_failed or (lambda *_: None)
        self._wait = wait
        self._over = False

    def end(self) -> None:
        """The call is over."""
        self._over = True

    async def perform(self, spec: ToolSpec, command: ToolRun) -> ToolOutcome:
        if spec.kind == "function":
            return await run_function(spec, self._context, command.arguments)
        webhook_id = f"msg_{secrets.token_hex(16)}"
        number, doubtful = 1, False
        while True:
            one = await try_tool(spec, self._context, command.arguments, webhook_id, number, self._guard)
            if one.failure is None:
                return ToolOutcome(one.result)
            doubtful = doubtful or one.failure.may_have_taken_effect
            wait_s = next_try_in_s(number, one.failure)
            if wait_s is None or (self._over and not spec.background):
                self._on_failed(spec, webhook_id, one.failure)
                return failed(one.failure, unknown=spec.effects and doubtful)
            await self._wait(wait_s)
            number += 1


async def try_tool(
    spec: ToolSpec,
    context: ToolContext,
    arguments: Any,
    webhook_id: str,
    number: int,
    guard: Guard | None,
) -> Try:
    """One try of a webhook or of an MCP tool, by either home. ``number`` counts from 1. Never raises."""
    if spec.kind == "webhook":
        request = request_of(spec, context, arguments)
        return await post(request, webhook_id, number, guard=guard, timeout_s=spec.timeout_s)
    loop = asyncio.get_running_loop()
    began = loop.time()
    name, secrets = spec.remote_name or spec.name, secrets_of(spec.headers)
    try:
        result = await call_tool(spec.url, spec.headers, guard, name, arguments, timeout_s=spec.timeout_s)
    except McpFailed as error:
        took_ms = round((loop.time() - began) * 1000)
        failure = replace(error.failure, error=without(error.failure.error, secrets))
        return Try(failure, status=failure.status, took_ms=took_ms, excerpt=failure.error)
    return Try(None, without(result, secrets), took_ms=round((loop.time() - began) * 1000))


def failed(failure: Failure, *, unknown: bool) -> ToolOutcome:
    """What the model is told of a tool that failed for good; ``unknown``: it may have taken effect."""
    if failure.cause == "tool":
        return refused(failure.error)
    if unknown:
        return ToolOutcome(UNKNOWN, ok=False)
    return refused(f"The tool failed: {failure.error} Tell the caller that it did not work.")

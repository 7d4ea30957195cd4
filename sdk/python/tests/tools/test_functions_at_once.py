"""Functions that are not async, in many calls at once: one that is slow keeps none of the others waiting."""

from __future__ import annotations

import asyncio
import threading

from patter.tools.functions import run_function, tool
from patter.tools.spec import ToolContext

AT_ONCE = 40
"""More than the threads that Python keeps for everybody."""


async def test_slow_functions_run_at_once():
    all_here = threading.Barrier(AT_ONCE, timeout=10)

    def look_up() -> str:
        """Look it up."""
        all_here.wait()
        return "found"

    context = ToolContext("call_1", "+15550100002", "+15550100001", "inbound")
    runs = (run_function(tool(look_up), context, {}) for _ in range(AT_ONCE))
    assert [outcome.result for outcome in await asyncio.gather(*runs)] == ["found"] * AT_ONCE

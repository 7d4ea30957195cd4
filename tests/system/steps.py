"""What people say and do in whole calls, and when they are answered.

They wait for the agent, however late it begins. On a slow machine it is late, not silent: who lost patience
would speak first, and be in another call.
"""

from __future__ import annotations

import asyncio
from typing import Any

from patter.simulators.observed import ObservedCall

PATIENCE_MS = 30_000
Step = dict[str, Any]


def patient(step: Step) -> Step:
    """The same step, of somebody who waits."""
    return {**step, "patience_ms": PATIENCE_MS}


def say(text: str) -> Step:
    return patient({"say": text})


def press(digits: str) -> Step:
    return patient({"digits": digits})


BOOK = say("I would like to book a table")
MENU = say("what is on the menu")
BYE = say("thank you and goodbye")
HANG_UP = patient({"hang_up": True})
LISTEN: Step = {"listen": True}


async def answered(call: ObservedCall, kind: str = "agent_started") -> None:
    """Wait for the answer to what was said first: for its beginning, or for its end (agent_stopped).

    Not for the agent's second stretch of voice: where a voice comes slowly, a greeting may have two.
    """
    has_spoken = False
    async with asyncio.timeout(2 * PATIENCE_MS / 1000):
        async for fact in call.follow():
            has_spoken = has_spoken or fact.kind == "said"
            if has_spoken and fact.kind == kind:
                return
    raise AssertionError("the call ended without an answer")

"""Waiting for something that a test cannot await."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 5.0


async def eventually(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds; fail when it does not within a few seconds."""
    for _ in range(int(PATIENCE_S / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


def new_tasks(before: set[asyncio.Task]) -> list[asyncio.Task]:
    """Tasks that an adapter left; those of a server in the same process are not its own."""
    return [task for task in asyncio.all_tasks() - before if "erver" not in repr(task.get_coro())]

"""The book of scenarios, and what their callers say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.system.tenant import Tenant

Scenario = Callable[[Tenant], Awaitable[None]]

BOOK = {"say": "I would like to book a table"}
BYE = {"say": "thank you and goodbye"}
LISTEN = {"listen": True}
SCENARIOS: dict[str, Scenario] = {}


def scenario(run: Scenario) -> Scenario:
    """Put a scenario into the book, under the name of its function."""
    SCENARIOS[run.__name__] = run
    return run

"""The book of scenarios."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.system.tenant import Tenant

Scenario = Callable[[Tenant], Awaitable[None]]

SCENARIOS: dict[str, Scenario] = {}


def scenario(run: Scenario) -> Scenario:
    """Put a scenario into the book, under the name of its function."""
    SCENARIOS[run.__name__] = run
    return run

"""What must be looked at from time to time. Rooms register their sweeps in ``tasks.py``:

    @sweep("deliveries", every_s=5)
    def deliver_due() -> None: ...

One tick every 5 s runs what is due, under a lease by name, so that any number of beats is harmless. A
sweep is short (seconds): it claims rows and wakes tasks, it does not do the work of minutes itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from patter_site.common.jobs import held_ticks, tick_lease
from patter_site.common.schedule import TICK_S

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sweep:
    name: str
    every_s: float
    run: Callable[[], object]


_sweeps: dict[str, Sweep] = {}


def sweep(name: str, *, every_s: float = TICK_S) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a sweep. ``every_s`` is at least one tick."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        _sweeps[name] = Sweep(name, max(every_s, TICK_S), function)
        return function

    return register


def registered() -> list[Sweep]:
    return list(_sweeps.values())


def run_due_sweeps() -> list[str]:
    """Run what is due now; names of what ran. One that fails does not keep the others from running."""
    ran: list[str] = []
    held = held_ticks()
    for each in registered():
        name = f"sweep:{each.name}"
        if name in held:
            continue
        try:
            # A little less than the interval: a tick that comes early must not skip a turn.
            if tick_lease(name, each.every_s - TICK_S * 0.2):
                each.run()
                ran.append(each.name)
        except Exception:
            logger.exception("A sweep failed", sweep=each.name)
    return ran

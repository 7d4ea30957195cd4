"""Which webhooks of a call are posted, how often and how late. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from patter.simulators.carrier.faults import EVERY, CarrierFaults


@dataclass(frozen=True, slots=True)
class Sending:
    """What becomes of one webhook. ``copies`` 0: it is never posted."""

    copies: int = 1
    delay_s: float = 0.0


def sending_of(name: str, faults: CarrierFaults) -> Sending:
    """``name`` is the webhook's in the words of its carrier."""
    names = {name, EVERY}
    if names & faults.named("dropped_webhooks"):
        return Sending(copies=0)
    delays_s = faults.delays_s()
    delay_s = delays_s.get(name, delays_s.get(EVERY, 0.0))
    return Sending(2 if names & faults.named("repeated_webhooks") else 1, delay_s)

"""What exists at any simulated carrier, besides what each one has of its own."""

from __future__ import annotations

from patter.simulators.carrier.ledger import Ledger
from patter.simulators.fault_plan import FaultPlan


class CarrierWorld:
    """The bill, and what waits to go wrong at the REST interface."""

    def __init__(self) -> None:
        self.base_url = ""
        self.ledger = Ledger()
        self.rest_faults = FaultPlan()
        self.refuse_next_requests = 0
        """That many REST requests are answered with 429."""

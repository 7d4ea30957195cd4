"""A strict Telnyx: Call Control, webhooks, media, and the people at the other end."""

from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.server import TelnyxSimulator
from patter.simulators.telnyx.world import Account, Application, Number, Phone

__all__ = ["Account", "Application", "Faults", "Number", "Phone", "TelnyxSimulator"]

"""A strict simulated Twilio: REST, webhooks, documents and media, as the reference says they behave."""

from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.server import TwilioSimulator
from patter.simulators.twilio.world import Account, Number, Phone

__all__ = ["Account", "Faults", "Number", "Phone", "TwilioSimulator"]

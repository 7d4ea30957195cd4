"""A simulated ElevenLabs: speech by HTTP, and by the socket that carries many contexts."""

from patter.simulators.elevenlabs.server import ElevenLabsServer
from patter.simulators.fault_plan import Fault

__all__ = ["ElevenLabsServer", "Fault"]

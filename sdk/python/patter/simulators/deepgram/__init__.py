"""A strict simulated Deepgram: listen v1 (Nova), listen v2 (Flux) and speak v1 (Aura), as documented."""

from patter.simulators.deepgram.faults import Faults
from patter.simulators.deepgram.hearing import OfflineRecogniser, ScriptedRecogniser
from patter.simulators.deepgram.server import DeepgramServer
from patter.simulators.deepgram.session import Session

__all__ = ["DeepgramServer", "Faults", "OfflineRecogniser", "ScriptedRecogniser", "Session"]

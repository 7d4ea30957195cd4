"""The simulated Realtime interface of OpenAI, GA shape only."""

from patter.simulators.openai.realtime.door import RealtimeDoor
from patter.simulators.openai.realtime.moments import Moment

__all__ = ["Moment", "RealtimeDoor"]

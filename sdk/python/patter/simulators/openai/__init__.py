"""A simulated OpenAI: chat completions, transcriptions and speech, as strict as the real one."""

from patter.simulators.fault_plan import Fault
from patter.simulators.openai.script import Answer, Question, ToolUse, echo, use_tools
from patter.simulators.openai.server import OpenAiServer

__all__ = ["Answer", "Fault", "OpenAiServer", "Question", "ToolUse", "echo", "use_tools"]

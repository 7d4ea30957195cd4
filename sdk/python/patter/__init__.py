"""Patter: connect an AI agent to a phone number.

What ``__all__`` lists is public; everything below may change between releases.
"""

from patter.call import Call
from patter.client import Patter
from patter.errors import (
    ApiError,
    AuthError,
    CarrierError,
    ConfigError,
    ConnectError,
    EngineError,
    PatterError,
    ToolError,
)
from patter.guardrails import Guardrail
from patter.types import Agent, IncomingMessage, LlmConfig, SttConfig, TtsConfig

__all__ = [
    "Agent",
    "ApiError",
    "AuthError",
    "Call",
    "CarrierError",
    "ConfigError",
    "ConnectError",
    "EngineError",
    "Guardrail",
    "IncomingMessage",
    "LlmConfig",
    "Patter",
    "PatterError",
    "SttConfig",
    "ToolError",
    "TtsConfig",
]

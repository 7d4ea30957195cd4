"""Patter: connect an AI agent to a phone number."""

from patter.errors import ApiError, CarrierError, ConfigError, EngineError, PatterError, ToolError

__all__ = ["ApiError", "CarrierError", "ConfigError", "EngineError", "PatterError", "ToolError"]

"""Patter's tools as client tools of an ElevenLabs agent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patter.engines.convai.wanted_agent import SENTENCES, Finding
from patter.tools.builtin import END_CALL, TRANSFER_CALL

WAITS_S = 20
"""For a tool's result: longer than Patter takes to answer, if only that it is still running."""
TRANSFER_WAITS_S = 120
LITERALS = ("string", "integer", "number", "boolean")
COMPARED = ("name", "description", "parameters", "expects_response", "response_timeout_secs")


def client_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    """A tool in the shape that chat models take, as the vendor's API takes it."""
    inner = function["function"]
    name = str(inner["name"])
    tool: dict[str, Any] = {
        "type": "client",
        "name": name,
        "description": str(inner.get("description") or name),
        "expects_response": name != END_CALL,
        "response_timeout_secs": TRANSFER_WAITS_S if name == TRANSFER_CALL else WAITS_S,
    }
    schema = _schema(inner.get("parameters") or {}, "")
    if schema.get("properties"):
        tool["parameters"] = schema
    return tool


def _schema(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A JSON Schema with what the vendor knows of it. Literals need a description there."""
    kind = _kind(given)
    described = str(given.get("description") or name.replace("_", " "))
    if kind == "object":
        properties = given.get("properties") or {}
        inner = {key: _schema(value, key) for key, value in properties.items() if isinstance(value, Mapping)}
        required = [key for key in given.get("required") or () if key in inner]
        about = {"description": described} if described else {}
        return {"type": "object", **about, "properties": inner, "required": required}
    if kind == "array":
        items = given.get("items")
        of = items if isinstance(items, Mapping) else {"type": "string"}
        return {"type": "array", "description": described, "items": _schema(of, name)}
    literal: dict[str, Any] = {"type": kind, "description": described}
    values = given.get("enum")
    if kind == "string" and isinstance(values, list):
        literal["enum"] = [str(value) for value in values if value is not None]
    return literal


def _kind(given: Mapping[str, Any]) -> str:
    kinds = given.get("type")
    possible = kinds if isinstance(kinds, list) else [kinds]
    known = (*LITERALS, "object", "array")
    fallback = "object" if "properties" in given else "string"
    return next((str(kind) for kind in possible if kind in known), fallback)


def differs(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a tool has to change. Fields that the vendor adds do not count."""
    return any(not _covers(found.get(name), wanted.get(name)) for name in COMPARED)


def _covers(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_covers(found.get(name), value) for name, value in wanted.items())
    return bool(found == wanted) or (wanted is None and not found)


def tool_findings(
    tools: Sequence[Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]
) -> list[Finding]:
    """What is missing or different. ``found``: the agent's client tools by name."""
    missing: list[Finding] = []
    for tool in map(client_tool, tools):
        has = found.get(tool["name"])
        if has is None or differs(tool, has):
            sentence = SENTENCES["tools"].format(name=tool["name"])
            missing.append(Finding(f"tools.{tool['name']}", tool, dict(has) if has else None, sentence))
    return missing

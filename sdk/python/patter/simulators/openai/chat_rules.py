"""What the simulated chat accepts. What the real one refuses is refused here. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from patter.engines.catalogue.openai import least_effort
from patter.simulators.openai.refusals import RefusalError
from patter.simulators.openai.script import Question

PARAMETERS = frozenset(
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens "
    "messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty "
    "prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format "
    "safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools "
    "top_logprobs top_p user verbosity web_search_options".split()
)
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
NUMBERS = {"temperature": (0, 2), "top_p": (0, 1), "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2)}
MAX_TOOLS = 128


def read_question(content: bytes, models: Collection[str]) -> Question:
    """Check a request. Raises RefusalError."""
    try:
        body = json.loads(content)
    except ValueError:
        raise RefusalError(400, "We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "The body must be a JSON object.")
    if unknown := sorted(body.keys() - PARAMETERS):
        raise _bad(unknown[0], f"Unrecognized request argument supplied: {', '.join(unknown)}")
    model = check_model(body.get("model"), models)
    _check_numbers(body)
    _check_reasoning(model, body)
    _check_stream(body)
    tools = body.get("tools")
    _check_tools(tools, body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _bad("messages", "Missing required parameter: 'messages'.")
    _check_messages(messages)
    return Question(model, messages, tools or (), body)


def check_model(model: object, models: Collection[str]) -> str:
    """Raises RefusalError for a model that is missing or does not exist."""
    if not isinstance(model, str) or not model:
        raise _bad("model", "you must provide a model parameter")
    if model not in models:
        raise RefusalError(
            404,
            f"The model `{model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )
    return model


def _check_numbers(body: Mapping[str, Any]) -> None:
    for name, (least, most) in NUMBERS.items():
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise _bad(name, f"Invalid '{name}': expected a number from {least} to {most}.")
    for name in ("max_tokens", "max_completion_tokens"):
        if name in body and (not isinstance(body[name], int) or body[name] < 1):
            raise _bad(name, f"Invalid '{name}': integer below minimum value.")


def _check_reasoning(model: str, body: Mapping[str, Any]) -> None:
    effort, reasons = body.get("reasoning_effort"), least_effort(model) is not None
    if effort is not None and effort not in EFFORTS:
        raise _bad("reasoning_effort", f"Invalid value: '{effort}'.")
    if effort is not None and not reasons:
        raise _unsupported("reasoning_effort", model)
    if effort == "none" and least_effort(model) != "none":
        raise _unsupported("reasoning_effort", model)
    if reasons and "max_tokens" in body:
        raise _unsupported("max_tokens", model)
    if model.startswith("gpt-6") and body.get("tools") and effort != "none":
        raise _bad(
            "reasoning_effort", "Function calling is available here only with reasoning_effort 'none'."
        )


def _check_stream(body: Mapping[str, Any]) -> None:
    if not isinstance(body.get("stream", False), bool):
        raise _bad("stream", "Invalid type for 'stream': expected a boolean.")
    if body.get("stream_options") is not None and not body.get("stream"):
        raise _bad(
            "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        )


def _check_tools(tools: object, body: Mapping[str, Any]) -> None:
    if tools is None:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) is not None:
                raise _bad(name, f"'{name}' is only allowed when 'tools' are specified.")
        return
    if not isinstance(tools, list) or not 1 <= len(tools) <= MAX_TOOLS:
        raise _bad("tools", "Invalid 'tools': expected 1 to 128 of them.")
    for at, tool in enumerate(tools):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            raise _bad(f"tools[{at}]", f"Missing required parameter: 'tools[{at}].function'.")
        called = function.get("name")
        if not isinstance(called, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", called):
            raise _bad(f"tools[{at}].function.name", "Invalid function name.")


def _check_messages(messages: Sequence[Any]) -> None:
    wanted: set[str] = set()
    for at, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ROLES:
            raise _bad(f"messages[{at}].role", f"Invalid value: '{role}'.")
        if role == "tool":
            _check_result(message, wanted, at)
            continue
        if wanted:
            raise _bad(
                "messages", "An assistant message with 'tool_calls' must be followed by tool messages."
            )
        wanted = _calls_of(message, at) if role == "assistant" else set()
        if message.get("content") is None and not wanted:
            raise _bad(f"messages[{at}].content", "Invalid value for 'content': expected a string, got null.")
    if wanted:
        raise _bad("messages", f"These tool_call_ids have no response: {', '.join(sorted(wanted))}")


def _check_result(message: Mapping[str, Any], wanted: set[str], at: int) -> None:
    if message.get("tool_call_id") not in wanted:
        raise _bad(
            f"messages[{at}].role",
            "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
        )
    if not isinstance(message.get("content"), str | list):
        raise _bad(f"messages[{at}].content", "Invalid type for 'content'.")
    wanted.discard(message["tool_call_id"])


def _calls_of(message: Mapping[str, Any], at: int) -> set[str]:
    calls = message.get("tool_calls")
    if calls is None:
        return set()
    if not isinstance(calls, list) or not calls:
        raise _bad(f"messages[{at}].tool_calls", "Invalid 'tool_calls': empty array.")
    for call in calls:
        function = call.get("function") or {}
        if call.get("type") != "function" or not isinstance(function.get("arguments"), str):
            raise _bad(f"messages[{at}].tool_calls", "Invalid tool call.")
    return {str(call["id"]) for call in calls}


def _bad(param: str, message: str) -> RefusalError:
    return RefusalError(400, message, param=param)


def _unsupported(param: str, model: str) -> RefusalError:
    return RefusalError(
        400, f"Unsupported parameter: '{param}' with {model}.", code="unsupported_parameter", param=param
    )

"""Plain Python functions as tools: the schema comes from the signature, the description from the docstring.

    async def check_stock(product: str, size: Literal["s", "m", "l"] = "m") -> dict:
        '''Check whether a product is in stock.'''

A parameter named ``call`` is not the model's: it is given the ``ToolContext`` of the call. Functions that
are not async run in a thread of their own.
"""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from patter.blocking import in_thread
from patter.errors import ConfigError
from patter.tools.results import DONE, limited
from patter.tools.spec import NAME, TIMEOUT_S, WAIT_S, ToolContext, ToolOutcome, ToolSpec

CALL = "call"
_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def tool(
    function: Callable[..., Any],
    *,
    name: str = "",
    description: str = "",
    effects: bool = True,
    background: bool = False,
    timeout_s: float = TIMEOUT_S,
    wait_s: float = WAIT_S,
) -> ToolSpec:
    """A function as a tool. Raises ConfigError for one whose parameters a model cannot fill."""
    called = name or getattr(function, "__name__", "")
    if not NAME.fullmatch(called):
        raise ConfigError(f"{called!r} cannot be the name of a tool. Give name=, with letters, digits and _.")
    about = description or inspect.getdoc(function) or ""
    if not about:
        raise ConfigError(f"The tool {called!r} needs a docstring: it tells the model what the tool is for.")
    return ToolSpec(
        name=called,
        description=about,
        parameters=schema_of(function, called),
        kind="function",
        timeout_s=timeout_s,
        wait_s=wait_s,
        effects=effects,
        background=background,
        function=function,
    )


def schema_of(function: Callable[..., Any], name: str = "") -> dict[str, Any]:
    """The JSON Schema of a function's parameters. Raises ConfigError."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ConfigError(f"The tool {name!r} has a type that is unknown at run time: {error}.") from None
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY, parameter.VAR_KEYWORD):
            raise ConfigError(f"The tool {name!r} takes {parameter}: give its parameters by name.")
        if parameter.name == CALL:
            continue
        properties[parameter.name] = _schema(hints.get(parameter.name, str), f"{name}({parameter.name})")
        if parameter.default is parameter.empty:
            required.append(parameter.name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


async def run_function(spec: ToolSpec, context: ToolContext, arguments: Mapping[str, Any]) -> ToolOutcome:
    """Run it within its time. What it raises is told to the model, by its kind and its text."""
    assert spec.function is not None
    try:
        async with asyncio.timeout(spec.timeout_s):
            result = await _called(spec.function, context, dict(arguments))
    except TimeoutError:
        return ToolOutcome({"error": f"The tool took longer than {spec.timeout_s:g} s."}, ok=False)
    except Exception as error:
        return ToolOutcome(limited({"error": f"{type(error).__name__}: {error}"}), ok=False)
    return ToolOutcome(DONE if result is None else limited(result))


async def _called(function: Callable[..., Any], context: ToolContext, arguments: dict[str, Any]) -> Any:
    if CALL in inspect.signature(function).parameters:
        arguments[CALL] = context
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    result = await in_thread(function, **arguments)
    return await result if inspect.isawaitable(result) else result


def _schema(hint: Any, where: str) -> dict[str, Any]:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if hint is Any:
        return {}
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        about = next((text for text in inside[1:] if isinstance(text, str)), "")
        return {**_schema(inside[0], where), **({"description": about} if about else {})}
    if origin is Literal:
        return {"enum": list(inside)}
    if origin in (Union, types.UnionType):
        kinds = [{"type": "null"} if kind is type(None) else _schema(kind, where) for kind in inside]
        return {"anyOf": kinds}
    if isinstance(hint, type) and issubclass(hint, Enum):
        raise ConfigError(f"{where}: use Literal[...] instead of an Enum.")
    if hint is list or origin in (list, Sequence):
        return {"type": "array", **({"items": _schema(inside[0], where)} if inside else {})}
    if hint is dict or origin in (dict, Mapping):
        return {"type": "object"}
    raise ConfigError(f"{where}: a model cannot give a {hint!r}. Use str, int, float, bool, list or dict.")

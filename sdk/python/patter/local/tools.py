"""The tools of an agent in local mode: what ``agent(tools=[…])`` takes, as a call knows it.

Built-in ones are every agent's. The others need the extra ``tools``, which checks what models send. MCP
servers are asked once, when ``serve()`` begins or ``call()`` names another agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from patter.bridge.plan import ToolTraits
from patter.bridge.transfers import TransferPolicy
from patter.errors import ConfigError
from patter.tools.builtin import built_in_functions
from patter.tools.spec import ToolContext, ToolSpec
from patter.types import Agent

if TYPE_CHECKING:
    from patter.tools.runner import Tools


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one call: what its model is told of them, and who runs them."""

    specs: tuple[ToolSpec, ...]
    policy: TransferPolicy

    def functions(self) -> list[dict[str, Any]]:
        """In the shape that chat models take, the built-in ones first."""
        return [*built_in_functions(self.policy), *(spec.as_function() for spec in self.specs)]

    def traits(self) -> dict[str, ToolTraits]:
        return {spec.name: spec.traits() for spec in self.specs}

    def runner(self, context: ToolContext) -> Tools | None:
        """Runs them for one call; None where there are none. Addresses are the developer's own: no guard."""
        if not self.specs:
            return None
        from patter.tools.direct import local_tools

        return local_tools(self.specs, context)


def read_tools(given: Sequence[Any], values: Mapping[str, Any], policy: TransferPolicy) -> Toolbox:
    """The tools of a call, with its variables put in. Raises ConfigError, with what to change."""
    if not given:
        return Toolbox((), policy)
    _needs_extra()
    from patter.tools.given import given_tools, with_variables

    # What an MCP server offers is in the agent by now; one that is left was never served.
    specs = [one for one in given_tools(given) if isinstance(one, ToolSpec)]
    return Toolbox(tuple(with_variables(spec, values) for spec in specs), policy)


async def with_mcp_tools(agent: Agent) -> Agent:
    """The agent with the tools that its MCP servers offer now. Raises ConfigError."""
    if not agent.tools:
        return agent
    _needs_extra()
    from patter.tools.given import discovered, given_tools

    tools = await discovered(given_tools(agent.tools))
    given_tools(tools)  # also among those of servers each name is there once
    return replace(agent, tools=tuple(tools))


def _needs_extra() -> None:
    if find_spec("jsonschema") is None:
        raise ConfigError("Tools need one more package: pip install './sdk/python[tools]'.")

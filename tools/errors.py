"""What the tools' services refuse."""

from __future__ import annotations

from patter_site.common.errors import Conflict


class ToolNameTaken(Conflict):
    code = "tool_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a tool {name!r} already. Change that one, or choose another name.")


class SourceFailed(Conflict):
    """The MCP server did not say what it offers. The text says why."""

    code = "mcp_source_failed"


class ToolNotOffered(Conflict):
    code = "mcp_tool_not_offered"

    def __init__(self, name: str, offered: list[str]) -> None:
        known = ", ".join(offered) or "nothing; ask it with discover"
        super().__init__(f"The MCP server does not offer {name!r}. It offers: {known}.")

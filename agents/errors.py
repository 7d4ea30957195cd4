"""What the agents' services refuse."""

from __future__ import annotations

from patter_site.common.errors import Conflict, NotFound


class VersionMoved(Conflict):
    """Somebody published in between: what the caller looked at is not the newest any more."""

    code = "version_moved"

    def __init__(self, published_version: int | None) -> None:
        super().__init__(
            f"The published version is now {published_version or 'none'}. Read the agent again, then publish."
        )


class NoSuchVersion(NotFound):
    def __init__(self, number: int) -> None:
        super().__init__(f"This agent has no version {number}.")


class AgentArchived(Conflict):
    code = "agent_archived"
    message = "This agent is deleted."


class DefaultAgentStays(Conflict):
    code = "default_agent"
    message = (
        "This is the organisation's default agent, which answers numbers without one. "
        "Make another agent the default first."
    )


class AgentNotReady(Conflict):
    """This agent cannot carry a call. The text says what is missing and where to mend it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code)

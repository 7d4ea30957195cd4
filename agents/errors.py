"""What the agents' services refuse, as types: the doors turn them into answers."""

from __future__ import annotations


class AgentError(Exception):
    """Base of what this room refuses. ``code`` is for programs, the text for people."""

    code = "agent_error"


class VersionMoved(AgentError):
    """Somebody published in between: what the caller looked at is not the newest any more."""

    code = "version_moved"

    def __init__(self, published_version: int | None) -> None:
        super().__init__(
            f"The published version is now {published_version or 'none'}. Read the agent again, then publish."
        )


class NoSuchVersion(AgentError):
    code = "not_found"

    def __init__(self, number: int) -> None:
        super().__init__(f"This agent has no version {number}.")


class AgentArchived(AgentError):
    code = "agent_archived"

    def __init__(self) -> None:
        super().__init__("This agent is deleted.")


class DefaultAgentStays(AgentError):
    code = "default_agent"

    def __init__(self) -> None:
        super().__init__(
            "This is the organisation's default agent, which answers numbers without one. "
            "Make another agent the default first."
        )


class AgentNotReady(AgentError):
    """This agent cannot carry a call. The text says what is missing and where to mend it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

"""How ElevenLabs gets the replies of an agent whose handler replies: an address and a key of its own.

The key is derived, so there is no row to read before a stranger is refused. Each call proves itself besides.
"""

from __future__ import annotations

import hmac

from django.utils.crypto import salted_hmac


def reply_key(agent_id: str) -> str:
    """What ElevenLabs sends as its bearer token for this agent."""
    return f"llm_{salted_hmac('patter.agents.reply-key', agent_id, algorithm='sha256').hexdigest()}"


def is_reply_key(agent_id: str, given: str) -> bool:
    """Whether this is the agent's key."""
    return hmac.compare_digest(given.encode(), reply_key(agent_id).encode())


def reply_url(agent_id: str, base: str) -> str:
    """The server address of the custom LLM; ElevenLabs adds ``/chat/completions``."""
    return f"{base.rstrip('/')}/llm/v1/{agent_id}"

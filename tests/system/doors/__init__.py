"""Whatever comes to a door over a real socket: one file for each kind. Importing them fills the book."""

from tests.system.doors import frames, hang_ups, lost_sockets, refusals, tokens, webhooks

__all__ = ["frames", "hang_ups", "lost_sockets", "refusals", "tokens", "webhooks"]

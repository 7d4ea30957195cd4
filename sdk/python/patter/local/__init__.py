"""Local mode: calls are carried in the user's own process, with no platform. ``serve()`` loads it."""

from patter.local.phone import LocalPhone

__all__ = ["LocalPhone"]

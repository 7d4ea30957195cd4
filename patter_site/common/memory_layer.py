"""The channel layer of an embedded installation: Channels' own, at a cost that does not grow with the calls.

Channels' looks through every channel and every group for what expired whenever somebody sends to a group or
receives, and copies each message object by object. With a hundred calls that is more than what the messages
are about.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer
from channels_redis.serializers import registry

CLEAN_EVERY_S = 1.0
"""Messages expire after a minute: a second more does not matter."""


class MemoryLayer(InMemoryChannelLayer):
    """Meets the channel layer specification, within one event loop.

    Messages arrive as they would over Redis: nothing that one side does to them is seen by the other.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._clean_at = 0.0
        self._format = registry.get_serializer("msgpack")  # as Redis's own

    async def send(self, channel: str, message: Mapping[str, Any]) -> None:
        """Raises ChannelFull; TypeError for a message that is no dictionary or could not go over Redis."""
        self.require_valid_channel_name(channel)
        if not self._put(channel, self._packed(message)):
            raise ChannelFull(channel)

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        """To each channel of the group that has room."""
        self.require_valid_group_name(group)
        if channels := self.groups.get(group):
            packed = self._packed(message)
            self._clean_expired()
            for channel in list(channels):
                self._put(channel, packed)

    def _put(self, channel: str, packed: bytes) -> bool:
        queue = self.channels.get(channel)
        if queue is None:
            queue = self.channels[channel] = asyncio.Queue(maxsize=self.get_capacity(channel))
        if queue.full():
            return False
        queue.put_nowait((time.time() + self.expiry, self._format.deserialize(packed)))
        return True

    def _clean_expired(self) -> None:
        now = time.monotonic()
        if now >= self._clean_at:
            self._clean_at = now + CLEAN_EVERY_S
            super()._clean_expired()

    def _packed(self, message: Mapping[str, Any]) -> bytes:
        if not isinstance(message, dict):
            raise TypeError("A message is a dictionary.")
        packed: bytes = self._format.serialize(message)
        return packed

"""Telnyx's own recordings of a leg, and the links to them, which die after ten minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from patter.simulators.telnyx.world import new_id

LINK_LASTS_S = 600.0


@dataclass(slots=True, eq=False)
class Recording:
    """Times are milliseconds since the leg began to exist. ``ended_ms`` None: it goes on."""

    channels: str
    file_format: str
    started_ms: int
    ended_ms: int | None = None
    id: str = field(default_factory=new_id)
    asked: int = 0
    """How often its file was asked for."""
    links: dict[str, float] = field(default_factory=dict)
    given_out: int = 0

    @property
    def seconds(self) -> int:
        """Started seconds; none while it goes on."""
        return 0 if self.ended_ms is None else max(1, -(-(self.ended_ms - self.started_ms) // 1000))

    def link(self, base_url: str, *, dead_ones: int = 0) -> str:
        """A fresh link to the file. ``dead_ones``: so many of the first are dead when they are given out."""
        key = new_id()
        self.given_out += 1
        lasts_s = 0.0 if self.given_out <= dead_ones else LINK_LASTS_S
        self.links[key] = time.monotonic() + lasts_s
        return f"{base_url}/simulator/telnyx/recordings/{self.id}.wav?key={key}"

    def opens(self, key: str) -> bool:
        """Whether a link's key is one that still lives."""
        return self.links.get(key, 0.0) > time.monotonic()

    def as_json(self, base_url: str, *, dead_ones: int = 0) -> dict[str, Any]:
        return {
            "record_type": "recording",
            "id": self.id,
            "status": "completed",
            "channels": self.channels,
            "duration_millis": self.seconds * 1000,
            "download_urls": {self.file_format: self.link(base_url, dead_ones=dead_ones)},
        }

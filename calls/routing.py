"""Sockets of the calls room."""

from __future__ import annotations

from typing import Any

from calls.consumers.live import live_sockets

carrier_sockets: list[Any] = []
browser_sockets: list[Any] = [*live_sockets]

"""Sockets of the calls room."""

from __future__ import annotations

from typing import Any

carrier_sockets: list[Any] = []

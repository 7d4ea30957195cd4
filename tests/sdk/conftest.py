"""Programs of customers against a running platform, in processes of their own."""

from __future__ import annotations

from tests.system.conftest import servers

__all__ = ["servers"]

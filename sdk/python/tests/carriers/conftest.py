"""The same application at both simulated carriers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .line import Line


@pytest.fixture(params=["twilio", "telnyx"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with Line(request.param) as line:
        yield line

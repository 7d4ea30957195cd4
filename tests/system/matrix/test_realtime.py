"""OpenAI Realtime: every scene, on both carriers; at each of them a program replies, or a model.

The other one replies at the other carrier. The pipeline shows all four cells of every scene.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.matrix.play import Play, cells, playing
from tests.system.matrix.voices_realtime import Realtime

CROSSED = "response_cancel_not_active"
"""A response may be complete in the moment in which it is cancelled. Harmless."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Play]:
    mode = Realtime()
    async with playing(mode, request, tmp_path_factory.mktemp("realtime")) as tasks:
        yield tasks
    errors = [error for session in mode.sessions for error in session.errors]
    assert [error for error in errors if error.code != CROSSED] == []
    assert all(session.closed.is_set() for session in mode.sessions)


@pytest.mark.timeout(500)
@pytest.mark.asyncio(loop_scope="module")
@cells("realtime", each=False)
async def test_on_a_line(play: Play, scene: str, carrier: str, reply_by: str) -> None:
    await play[scene, carrier, reply_by]

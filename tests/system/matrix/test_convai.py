"""ElevenLabs agents: every scene, on both carriers; at each of them a program replies, or a model.

The other one replies at the other carrier. The pipeline shows all four cells of every scene.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.matrix.play import Play, cells, playing
from tests.system.matrix.voices_convai import Convai


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Play]:
    async with playing(Convai(), request, tmp_path_factory.mktemp("convai")) as tasks:
        yield tasks


@pytest.mark.timeout(500)
@pytest.mark.asyncio(loop_scope="module")
@cells("convai", each=False)
async def test_on_a_line(play: Play, scene: str, carrier: str, reply_by: str) -> None:
    await play[scene, carrier, reply_by]

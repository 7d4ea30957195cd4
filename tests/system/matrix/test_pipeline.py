"""The pipeline: every scene, on both carriers, whoever replies.

The cells of the support table that they prove (``mark.supports``) come with the scenes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.matrix.play import Play, cells, playing
from tests.system.matrix.voices import Pipeline


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Play]:
    async with playing(Pipeline(), request, tmp_path_factory.mktemp("pipeline")) as tasks:
        yield tasks


@pytest.mark.timeout(500)
@pytest.mark.asyncio(loop_scope="module")
@cells("pipeline")
async def test_on_a_line(play: Play, scene: str, carrier: str, reply_by: str) -> None:
    await play[scene, carrier, reply_by]

"""OpenAI Realtime: the scenes that the platform has a part in, on both carriers, whoever replies.

The rest of what happens on a line is shown in local mode, by the same bridge.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.system.matrix.play import SCENES, Play, cells, playing
from tests.system.matrix.voices_realtime import Realtime

SHOWN = {
    "both_record_after_an_announcement",
    "keys_are_pressed_and_the_call_goes_on",
    "the_agent_hangs_up",
    "the_agent_puts_the_caller_through",
    "a_message_is_left_after_the_beep",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Play]:
    mode = Realtime()
    async with playing(mode, request, tmp_path_factory.mktemp("realtime")) as tasks:
        yield tasks
    assert [session.errors for session in mode.sessions if session.errors] == []
    assert all(session.closed.is_set() for session in mode.sessions)


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@cells("realtime", without=tuple(scene.name for scene in SCENES if scene.name not in SHOWN))
async def test_on_a_line(play: Play, scene: str, carrier: str, reply_by: str) -> None:
    await play[scene, carrier, reply_by]

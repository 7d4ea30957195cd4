"""Every scene on every stage, many at once: a mode's test file waits for one outcome after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.system.matrix import scenes_ends, scenes_keys, scenes_machines, scenes_recordings, scenes_transfers
from tests.system.matrix.stage import CARRIERS, Stage, nothing_is_left, staged
from tests.system.matrix.voices import Mode

AT_ONCE = 5
"""Three matrices run beside one another, and a call takes an eighth of a processor, both sides together."""
REPLIERS = ("handler", "model")
CELL = ("scene", "carrier", "reply_by")
Play = dict[tuple[str, str, str], "asyncio.Task[None]"]


@dataclass(frozen=True, slots=True)
class Scene:
    """``shows`` are the rows of the support table that it proves."""

    run: Callable[[Stage], Awaitable[None]]
    shows: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.run.__name__


SCENES = [
    Scene(run, shows)
    for room in (scenes_keys, scenes_ends, scenes_transfers, scenes_machines, scenes_recordings)
    for run, shows in room.SCENES
]


@asynccontextmanager
async def playing(mode: Mode, request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Play]:
    """The scenes that this run has chosen, under way; a cell is (scene, carrier, who replies)."""
    chosen = {
        tuple(item.callspec.params[name] for name in CELL)
        for item in request.session.items
        if item.path == request.path and isinstance(item, pytest.Function) and hasattr(item, "callspec")
    }
    async with staged(folder, mode) as stages:
        gate = asyncio.Semaphore(AT_ONCE)

        async def play(scene: Scene, stage: Stage) -> None:
            async with gate:
                await scene.run(stage)

        tasks = {
            (scene.name, carrier, reply_by): asyncio.create_task(play(scene, stage), name=scene.name)
            for scene in SCENES
            for (carrier, reply_by), stage in stages.items()
            if (scene.name, carrier, reply_by) in chosen
        }
        yield tasks
        outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)
        if not any(outcomes):  # a scene that failed leaves its call where it was
            await nothing_is_left(stages.values())


def cells(mode: str, *, each: bool = True) -> pytest.MarkDecorator:
    """The parameters ``scene, carrier, reply_by`` of a mode's one test.

    ``each`` False: only one of both replies at a carrier, and the other one at the other carrier. From scene
    to scene they change places, so that each carrier shows both, and both directions.
    """
    params: list[Any] = []
    for number, scene in enumerate(SCENES):
        marks = [pytest.mark.supports(*scene.shows, mode=mode)] if scene.shows else []
        for place, carrier in enumerate(CARRIERS):
            first = (number + place) % len(REPLIERS)
            for reply_by in REPLIERS if each else REPLIERS[first : first + 1]:
                about = f"{scene.name}-{carrier}-{reply_by}"
                params.append(pytest.param(scene.name, carrier, reply_by, marks=marks, id=about))
    return pytest.mark.parametrize(CELL, params)

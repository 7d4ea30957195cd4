"""The carrier records, and so do we, after everybody was told; deleted means deleted there, too."""

from __future__ import annotations

import httpx

from tests.system.matrix.stage import ANNOUNCEMENT, Stage, Up, until_async
from tests.system.matrix.voices import GREETING


async def both_record_after_an_announcement(stage: Stage) -> None:
    call = await stage.up(recorded=True)
    await call.until_said(GREETING)
    call.leaves()
    await call.over()
    assert (await call.said())[:2] == [ANNOUNCEMENT, GREETING]
    assert (await _file(call, "carrier")).content == call.carrier_call.media.wav()
    assert (await _file(call, "bridge")).content[:4] == b"RIFF"
    deleted = await stage.tenant.http.delete(f"calls/{call.id}")
    assert deleted.status_code == 204
    await until_async(lambda: _is_deleted(call))


async def _file(call: Up, source: str) -> httpx.Response:
    async def ready() -> httpx.Response | None:
        got = await call.stage.tenant.http.get(f"calls/{call.id}/recording?source={source}")
        return got if got.status_code == 200 else None

    found: httpx.Response = await until_async(ready)
    return found


async def _is_deleted(call: Up) -> bool:
    return bool(call.carrier_call.of_kind("recording_deleted"))


SCENES = [
    (both_record_after_an_announcement, ("the carrier's recording", "a recording of our own")),
]

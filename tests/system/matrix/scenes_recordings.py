"""The carrier records, and so do we, after everybody was told; deleted means deleted there, too."""

from __future__ import annotations

import httpx

from tests.system.matrix.scenes_keys import press_for_the_caller
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


async def a_recording_goes_on_after_keys(stage: Stage) -> None:
    """At Twilio another stream begins, and the carrier's recording is still the one that it was."""
    call = await stage.up(recorded=True)
    await call.until_said(GREETING)
    await press_for_the_caller(call)
    await call.hung_up()
    assert (await _file(call, "carrier")).content == call.carrier_call.media.wav()
    assert (await _file(call, "bridge")).content[:4] == b"RIFF"
    assert len(call.carrier_call.of_kind("recording_started")) == 1
    assert (await call.said()).count(ANNOUNCEMENT) == 1


async def _file(call: Up, source: str) -> httpx.Response:
    async def ready() -> httpx.Response | None:
        got = await call.stage.tenant.http.get(f"calls/{call.id}/recording?source={source}")
        return got if got.status_code == 200 else None

    found: httpx.Response = await until_async(ready)
    return found


async def _is_deleted(call: Up) -> bool:
    return bool(call.carrier_call.of_kind("recording_deleted"))


RECORDED = ("the carrier's recording", "a recording of our own")
SCENES = [
    (both_record_after_an_announcement, RECORDED),
    (a_recording_goes_on_after_keys, RECORDED),
]

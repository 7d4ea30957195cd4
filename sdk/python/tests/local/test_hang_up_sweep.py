"""Either side hangs up at every 100 ms of what a line goes through: one end each, and nothing left open.

Over real sockets at both carriers, all calls of a script at once. The machine alone is swept in
``bridge/test_ends_in_flight.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from patter.call import Call
from patter.errors import PatterError
from patter.simulators.script import Digits, HangUp, Listen, Wait
from patter.simulators.telnyx import Phone as TelnyxPhone
from patter.simulators.twilio import Phone as TwilioPhone

from .at_telnyx import phone_of

SALES = "+15550170000"
STEP_MS, OUR_STEP_MS = 100, 500
NEVER = (Listen(),)
ENDS = {"caller_hung_up", "api_hung_up", "transferred", "voicemail"}


async def nothing(call: Call) -> None:
    """What happens is the carrier's doing."""


@dataclass(frozen=True)
class Script:
    """``lasts_ms``: until the line is at rest again, from the first media on."""

    lasts_ms: int
    do: Callable[[Call], Awaitable[None]] = nothing
    kind: str = "cold"
    voicemail: bool = False


SCRIPTS = {
    "a cold transfer": Script(1500, lambda call: call.transfer("sales")),
    "a warm transfer": Script(3500, lambda call: call.transfer("sales", summary="Ada."), "warm"),
    "keys": Script(2500, lambda call: call.send_digits("1w2w3#")),
    "a voicemail": Script(3500, voicemail=True),
}


class Sweep:
    """One agent at one carrier, and the calls that somebody hangs up on."""

    def __init__(self, world: Any, telnyx: Any, carrier: str, script: Script) -> None:
        self.world, self.sim = world, telnyx if carrier == "telnyx" else world.twilio
        self.phone = phone_of(world) if carrier == "telnyx" else world.phone()
        self.make_phone = self._at_telnyx if carrier == "telnyx" else self._at_twilio
        self.script = script
        self.ours: dict[str, float] = {}
        self.calls: dict[str, Call] = {}
        self.ends: list[dict[str, Any]] = []

    def _at_telnyx(self, number: str, steps: tuple[Any, ...]) -> TelnyxPhone:
        machine = "machine-beep" if self.script.voicemail else ""
        return TelnyxPhone(number, steps=steps, machine=machine, machine_after_s=0.8)

    def _at_twilio(self, number: str, steps: tuple[Any, ...]) -> TwilioPhone:
        answered_by = "machine" if self.script.voicemail else "human"
        return TwilioPhone(number, steps=steps, answered_by=answered_by, greeting_s=1.5)

    def add_human(self) -> None:
        """They take every call, and leave it after a while."""
        if self.make_phone == self._at_telnyx:
            self.sim.add_phone(TelnyxPhone(SALES, accepts="1", steps=(Wait(5000), HangUp())))
        else:
            self.sim.add_phone(TwilioPhone(SALES, steps=(Wait(300), Digits("1"), Wait(1000), HangUp())))

    async def serve(self, pipeline: Any) -> None:
        target = {"name": "sales", "number": SALES, "kind": self.script.kind, "ring_s": 5}
        agent = pipeline(self.phone, transfer_targets=[target], first_message="Hello, this is Acme.")
        await self.world.serve(
            self.phone,
            agent,
            on_message=lambda msg: "Yes.",
            on_call_start=self._started,
            on_call_end=self.ends.append,
        )

    async def _started(self, data: Mapping[str, Any]) -> None:
        call = self.calls[data["call_id"]]
        with suppress(PatterError):  # it may be over by then
            await self.script.do(call)
        if call.id in self.ours:
            await asyncio.sleep(self.ours[call.id])
            with suppress(PatterError):
                await call.hang_up()

    async def dial(self, number: str, ms: int, *, ours: bool) -> None:
        self.sim.add_phone(self.make_phone(number, NEVER if ours else (Wait(ms), HangUp())))
        message = {"voicemail_message": "Please call Acme back."} if self.script.voicemail else {}
        call = await self.phone.call(number, **message)
        self.calls[call.id] = call
        if ours:
            self.ours[call.id] = ms / 1000

    async def over(self) -> None:
        for call in self.calls.values():
            await asyncio.wait_for(asyncio.shield(call.ended), 60)
        for leg in list(self.sim.calls.values()):
            await leg.ended(60)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
async def test_at_every_moment_it_is_one_end(world, telnyx, pipeline, carrier, script):
    sweep = Sweep(world, telnyx, carrier, script)
    sweep.add_human()
    await sweep.serve(pipeline)
    for ms in range(0, script.lasts_ms, STEP_MS):
        await sweep.dial(f"+14150{ms:06}", ms, ours=False)
    for ms in range(0, script.lasts_ms, OUR_STEP_MS):
        await sweep.dial(f"+14151{ms:06}", ms, ours=True)
    await sweep.over()
    for session in world.ears.open_sessions:
        await asyncio.wait_for(session.closed.wait(), 30)
    await sweep.phone.disconnect()
    await world.close()
    assert sorted(end["call_id"] for end in sweep.ends) == sorted(sweep.calls)
    assert {end["reason"] for end in sweep.ends} <= ENDS

"""Somebody calls, and the user's own handler answers, in the user's own process."""

from __future__ import annotations

import pytest

from patter.simulators.script import Digits, HangUp, Say, Wait


async def test_a_caller_is_answered_by_the_handler(world, pipeline):
    phone, asked, told = world.phone(), [], []

    async def on_message(msg):
        asked.append(msg)
        return "We are open from nine to five."

    await world.serve(
        phone,
        pipeline(phone, first_message="Hello!"),
        on_message=on_message,
        on_call_start=lambda data: told.append(("start", data)),
        on_call_end=lambda data: told.append(("end", data)),
        on_transcript=lambda data: told.append(("turn", data)),
    )
    call = await world.ring(Say("what are your hours"), Wait(2500), HangUp())
    await phone.disconnect()
    assert call.trouble_codes == []
    assert [msg.text for msg in asked] == ["what are your hours"]
    assert asked[0].caller == "+15550002222"
    assert asked[0].callee == "+15550001111"
    assert asked[0].direction == "inbound"
    assert asked[0].history == [
        {"role": "assistant", "text": "Hello!"},
        {"role": "user", "text": "what are your hours"},
    ]
    assert told == []

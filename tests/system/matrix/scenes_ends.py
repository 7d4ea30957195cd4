"""How a call ends: by either side, from outside, and before anybody answered."""

from __future__ import annotations

import asyncio

from tests.system.matrix.people import Person
from tests.system.matrix.stage import LISTEN, Stage, Up, press
from tests.system.matrix.voices import GOODBYE, GREETING, LEAVE

FAREWELL = "Goodbye."
"""The phrase with which a call ends that nobody else ends."""
OUTCOMES = {
    "busy": ("busy", "busy"),
    "declined": ("declined", "declined"),
    "failed": ("failed", "failed"),
}


async def the_caller_hangs_up(stage: Stage) -> None:
    call = await stage.up()
    call.leaves()
    row = await call.over()
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")


async def the_agent_hangs_up(stage: Stage) -> None:
    """A model's goodbye is heard in full before; a program cuts what is being said."""
    call = await stage.up([*press("4"), {"wait_ms": 1500}, *press(LEAVE), *LISTEN])
    row = await call.over()
    by_model = stage.reply_by == "model"
    assert row["end_reason"] == ("agent_ended" if by_model else "api_hung_up")
    if by_model:
        assert (await call.said())[-1] == GOODBYE


async def it_is_hung_up_from_outside(stage: Stage) -> None:
    call = await stage.up()
    await call.hung_up()


async def nobody_says_anything(stage: Stage) -> None:
    call_id = await stage.place(stage.person(Person()), agent=stage.hasty_agent)
    call = Up(stage, await stage.carrier_call(call_id), call_id)
    row = await call.over()
    assert (row["status"], row["end_reason"]) == ("completed", "idle")
    assert await call.said() == [GREETING, "Are you still there?", FAREWELL]


async def the_time_is_up(stage: Stage) -> None:
    call_id = await stage.place(stage.person(Person()), max_duration_s=10)
    call = Up(stage, await stage.carrier_call(call_id), call_id)
    row = await call.over()
    assert (row["status"], row["end_reason"]) == ("completed", "max_duration")
    assert await call.said() == [GREETING, FAREWELL]


async def nobody_can_be_reached(stage: Stage) -> None:
    for behaviour, (outcome, reason) in OUTCOMES.items():
        call_id = await stage.place(stage.person(Person(behaviour)))
        row = await stage.settled(call_id)
        assert (row["outcome"], row["end_reason"]) == (outcome, reason), behaviour
        assert row["status"] == "failed"


async def nobody_answers(stage: Stage) -> None:
    row = await stage.settled(await stage.place(stage.person(Person("no-answer")), ring_s=5))
    assert (row["outcome"], row["end_reason"]) == ("no_answer", "no_answer")


async def ten_requests_with_one_key_are_one_call(stage: Stage) -> None:
    """Whoever asks again while the first is on its way is told to wait; nobody is phoned twice."""
    number = stage.person(Person("busy"))
    body = {"to": number, "from": stage.number, "agent": stage.agent}
    key = {"Idempotency-Key": f"once-{number}"}
    asked = [stage.tenant.http.post("calls", json=body, headers=key) for _ in range(10)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} <= {201, 409}
    [call_id] = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    await stage.settled(call_id)
    again = await stage.tenant.http.post("calls", json=body, headers=key)
    assert (again.json()["id"], again.headers["Idempotency-Replayed"]) == (call_id, "true")
    phoned = [call for call in stage.tenant.simulator.calls.values() if call.order.to == number]
    assert len(phoned) == 1


async def it_is_taken_back_while_it_rings(stage: Stage) -> None:
    call_id = await stage.place(stage.person(Person(after_s=20)))
    carrier_call = await stage.carrier_call(call_id)
    await stage.tenant.post(f"calls/{call_id}/hang-up")
    await carrier_call.ended()
    row = await stage.settled(call_id)
    assert (row["status"], carrier_call.status) == ("cancelled", "canceled")


SCENES = [
    (the_caller_hangs_up, ()),
    (the_agent_hangs_up, ("the agent ends the call",)),
    (it_is_hung_up_from_outside, ()),
    (nobody_says_anything, ()),
    (the_time_is_up, ()),
    (nobody_can_be_reached, ()),
    (nobody_answers, ()),
    (ten_requests_with_one_key_are_one_call, ()),
    (it_is_taken_back_while_it_rings, ()),
]

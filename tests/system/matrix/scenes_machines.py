"""Who answers a call of ours: a human, a machine, or nobody can say."""

from __future__ import annotations

from typing import Any

from tests.system.matrix.people import Person
from tests.system.matrix.stage import MESSAGE, PATIENCE_S, Stage, Up, until_async
from tests.system.matrix.voices import GREETING

KNOWN_AFTER_S = 8.0


async def _called(stage: Stage, person: Person, **wish: Any) -> Up:
    call_id = await stage.place(stage.person(person), **wish)
    return Up(stage, await stage.carrier_call(call_id), call_id)


async def _detected(call: Up) -> None:
    async def told() -> bool:
        return "call.machine_detected" in await call.stage.tenant.told(call.id)

    await until_async(told)


async def _talked_to(call: Up) -> None:
    await _detected(call)
    await call.carrier_call.reached("agent_started", timeout_s=PATIENCE_S)  # the verdict may be quicker


async def a_human_is_greeted_before_anybody_knows(stage: Stage) -> None:
    """No dead air: the verdict takes its time, and nothing waits for it."""
    call = await _called(stage, Person(machine="human", detected_s=KNOWN_AFTER_S), voicemail_message=MESSAGE)
    spoken = await call.carrier_call.reached("agent_started")
    assert call.carrier_call.answered_ms is not None
    assert spoken.at_ms - call.carrier_call.answered_ms < KNOWN_AFTER_S * 1000
    await _detected(call)
    assert (await call.hung_up())["outcome"] == "human"
    assert await call.said() == [GREETING]


async def a_message_is_left_after_the_beep(stage: Stage) -> None:
    call = await _called(stage, Person(machine="machine"), voicemail_message=MESSAGE)
    row = await call.over()
    assert (row["end_reason"], row["outcome"]) == ("voicemail", "voicemail_left")
    assert (await call.said())[-1] == MESSAGE


async def a_machine_is_hung_up_on(stage: Stage) -> None:
    call = await _called(stage, Person(machine="machine"), on_machine="hang_up")
    row = await call.over()
    assert (row["end_reason"], row["outcome"]) == ("machine", "machine")


async def a_fax_is_hung_up_on(stage: Stage) -> None:
    call = await _called(stage, Person(machine="fax"), voicemail_message=MESSAGE)
    row = await call.over()
    assert (row["end_reason"], row["outcome"]) == ("machine", "machine")
    assert MESSAGE not in await call.said()


async def a_machine_is_talked_to(stage: Stage) -> None:
    call = await _called(stage, Person(machine="machine"), on_machine="continue")
    await _talked_to(call)
    assert (await call.hung_up())["outcome"] == "machine"


async def who_is_not_sure_means_a_human(stage: Stage) -> None:
    call = await _called(stage, Person(machine="not-sure"), voicemail_message=MESSAGE)
    await _talked_to(call)
    assert (await call.hung_up())["outcome"] == "human"
    assert MESSAGE not in await call.said()


SCENES = [
    (a_human_is_greeted_before_anybody_knows, ("a call out",)),
    (a_message_is_left_after_the_beep, ("a message left on an answering machine",)),
    (a_machine_is_hung_up_on, ()),
    (a_fax_is_hung_up_on, ()),
    (a_machine_is_talked_to, ()),
    (who_is_not_sure_means_a_human, ()),
]

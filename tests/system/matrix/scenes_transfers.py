"""A caller is given to a human, at once or after a summary, and comes back where nobody takes them."""

from __future__ import annotations

from functools import partial
from typing import Any

from patter.bridge.transfers import REASONS
from tests.system.matrix.people import Person
from tests.system.matrix.stage import (
    DESK_NUMBER,
    LISTEN,
    NOBODY,
    NOBODYS_NUMBER,
    CarrierCall,
    Stage,
    Steps,
    Up,
    press,
)
from tests.system.matrix.voices import DESK, GIVE_AWAY, GREETING, SUMMARY

BACK = "reach anyone"
"""Words of the phrase with which the agent goes on."""
WHISPER = "Ada would like to change her order."


async def _greeted(stage: Stage, steps: Steps | None = None) -> Up:
    call = await stage.up(steps)
    await call.until_said(GREETING)
    return call


async def _given(call: Up) -> None:
    """Both speak, and then the call is over for us."""
    row = await call.over()
    assert (row["status"], row["end_reason"]) == ("completed", "transferred")
    assert (await call.stage.tenant.told(call.id)).count("call.transferred") == 1
    states = [moment["state"] for moment in (await call.transfer_in_state("completed"))["timeline"]]
    assert states[0] == "requested" and states[-2:] == ["joined", "completed"]


async def _back(call: Up, reason: str) -> None:
    """The agent speaks with the caller again, and knows why."""
    await call.transfer_in_state("failed")
    await call.until_said(BACK)
    await call.until_status("in_progress")
    await call.hung_up()
    # The far end's own word is finer than the carrier's, and later.
    assert (await call.transfer_in_state("failed"))["reason"] == reason in REASONS
    assert (await call.stage.tenant.told(call.id)).count("call.transfer_failed") == 1


async def a_caller_is_put_through(stage: Stage) -> None:
    call = await _greeted(stage)
    await call.post("transfer", target=stage.person(Person(talk_s=1.2)))
    await _given(call)


async def the_agent_puts_the_caller_through(stage: Stage) -> None:
    stage.person(Person(talk_s=1.0), number=DESK_NUMBER)
    call = await stage.up([*press(GIVE_AWAY), *LISTEN])
    await _given(call)
    [transfer] = (await stage.tenant.get(f"calls/{call.id}/transfers"))["results"]
    assert (transfer["target"], transfer["summary"]) == (DESK, SUMMARY)


async def a_cold_transfer_comes_back(stage: Stage, behaviour: str, reason: str) -> None:
    call = await _greeted(stage)
    await call.post("transfer", target=stage.person(Person(behaviour)))
    await _back(call, reason)


async def nobody_takes_a_cold_transfer(stage: Stage) -> None:
    stage.person(Person("no-answer"), number=NOBODYS_NUMBER)
    call = await _greeted(stage)
    await call.post("transfer", target=NOBODY)
    await _back(call, "no_answer")


# -- warm -----------------------------------------------------------------------------------------


async def _asked(call: Up, person: Person, kind: str = "warm") -> tuple[CarrierCall, str]:
    """The human's leg, once they have heard the summary's beginning."""
    number = call.stage.person(person)
    await call.post("transfer", target=number, kind=kind, summary=WHISPER)
    leg = await call.stage.leg_to(number)
    told = await leg.reached("carrier_said")
    assert WHISPER in told.data["text"]
    waits = "conference_entered" if call.stage.carrier == "twilio" else "carrier_played"
    await call.carrier_call.reached(waits)
    return leg, number


async def a_human_takes_the_caller(stage: Stage, **answer: str) -> None:
    """With music meanwhile, and after the summary."""
    call = await _greeted(stage)
    leg, _ = await _asked(call, Person(**answer))
    await call.transfer_in_state("joined")
    leg.end("talked")
    call.leaves()
    await _given(call)


async def a_human_does_not_want_the_caller(stage: Stage, **answer: str) -> None:
    call = await _greeted(stage)
    leg, _ = await _asked(call, Person(**answer))
    await _back(call, "declined")
    await leg.ended()


async def a_human_hangs_up_on_the_summary(stage: Stage) -> None:
    call = await _greeted(stage)
    leg, _ = await _asked(call, Person())
    leg.end("talked")
    await _back(call, "declined")


async def nobody_takes_a_warm_transfer(stage: Stage) -> None:
    call = await _greeted(stage)
    await call.post("transfer", target=stage.person(Person("busy")), kind="warm", summary=WHISPER)
    await _back(call, "busy")


async def the_caller_leaves_while_a_human_is_asked(stage: Stage) -> None:
    """Nobody is left on the line, nor left ringing."""
    call = await _greeted(stage)
    leg, _ = await _asked(call, Person())
    call.leaves()
    row = await call.over()
    assert row["end_reason"] == "caller_hung_up"
    await leg.ended()


async def the_caller_leaves_while_it_rings(stage: Stage) -> None:
    call = await _greeted(stage)
    number = stage.person(Person(after_s=60))
    await call.post("transfer", target=number, kind="warm", summary=WHISPER)
    leg = await stage.leg_to(number)
    call.leaves()
    row = await call.over()
    assert row["end_reason"] == "caller_hung_up"
    await leg.ended()
    assert leg.status == "canceled"


def _scene(name: str, run: Any, **with_: str) -> Any:
    """A scene that is played in several ways, under a name of its own."""
    one = partial(run, **with_)
    one.__name__ = name  # type: ignore[attr-defined]
    return one


async def nobody_else_is_called(stage: Stage) -> None:
    """Whom the agent may not transfer to is refused with those whom it may."""
    call = await _greeted(stage)
    answer = await stage.tenant.http.post(f"calls/{call.id}/transfer", json={"target": "+19005550123"})
    assert answer.status_code == 400
    assert f"Possible: '{DESK}', '{NOBODY}'" in answer.json()["error"]["fields"]["target"][0]
    await call.hung_up()
    assert "transfer.requested" not in await call.kinds()


COLD, WARM = ("a cold transfer",), ("a warm transfer",)
BACK_AS = {"busy": "busy", "declined": "declined", "failed": "failed"}
SCENES = [
    (a_caller_is_put_through, COLD),
    (the_agent_puts_the_caller_through, COLD),
    *(
        (_scene(f"a_cold_transfer_is_{way}", a_cold_transfer_comes_back, behaviour=way, reason=reason), ())
        for way, reason in BACK_AS.items()
    ),
    (nobody_takes_a_cold_transfer, ()),
    (nobody_else_is_called, ()),
    (_scene("a_human_takes_the_caller_by_key", a_human_takes_the_caller, presses="1"), WARM),
    (_scene("a_human_takes_the_caller_by_word", a_human_takes_the_caller, says="yes, please"), WARM),
    (_scene("a_human_refuses_by_key", a_human_does_not_want_the_caller, presses="2"), ()),
    (_scene("a_human_refuses_by_word", a_human_does_not_want_the_caller, says="no thanks"), ()),
    (a_human_hangs_up_on_the_summary, ()),
    (nobody_takes_a_warm_transfer, ()),
    (the_caller_leaves_while_a_human_is_asked, ()),
    (the_caller_leaves_while_it_rings, ()),
]

"""Calls that end, each in its own way and with its own reason."""

from __future__ import annotations

import asyncio

from patter.simulators.demo import AGENT, RULES
from patter.simulators.twilio.faults import Faults
from tests.system.doors.scenario import scenario
from tests.system.steps import BOOK, BYE, LISTEN, MENU, answered
from tests.system.tenant import Tenant

LONG = " ".join(["We are at the old harbour, next to the lighthouse."] * 4)
"""Ten seconds: nobody leaves too late for it."""


async def talkative(tenant: Tenant, **changes) -> str:
    """The number of an agent like the others, but for this."""
    made = await tenant.post("agents", {**AGENT, "name": "Talkative", **changes})
    return await tenant.add_number(made["id"])


async def caller_leaves(tenant: Tenant, steps, **faults) -> tuple[dict, list[dict]]:
    call = await (await tenant.ring(steps, faults=Faults(**faults))).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    assert (await tenant.told(row["id"])).count("call.ended") == 1
    return row, await tenant.turns(row["id"])


@scenario
async def caller_leaves_during_the_greeting(tenant: Tenant):
    call = await tenant.ring([LISTEN], to=await talkative(tenant, first_message=LONG))
    await call.reached("agent_started")
    await asyncio.sleep(1.2)
    call.end("caller_hung_up")
    row = await tenant.settled((await tenant.found(call))["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    turns = await tenant.turns(row["id"])
    assert len(turns) == 1 and turns[0]["interrupted"]
    assert len(turns[0]["text"]) < len(turns[0]["full_text"])


@scenario
async def caller_leaves_while_the_agent_thinks(tenant: Tenant):
    _, turns = await caller_leaves(tenant, [BOOK])
    assert [turn["role"] for turn in turns][:2] == ["assistant", "user"]


@scenario
async def caller_leaves_while_the_agent_speaks(tenant: Tenant):
    call = await tenant.ring([MENU, LISTEN])
    await answered(call)
    await asyncio.sleep(1)
    call.end("caller_hung_up")
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "caller_hung_up"
    turns = await tenant.turns(row["id"])
    assert turns[-1]["role"] == "assistant" and turns[-1]["interrupted"]


@scenario
async def caller_leaves_in_the_goodbye(tenant: Tenant):
    rules = [{**rule, "say": LONG} if "tool" in rule else rule for rule in RULES]
    llm = {**AGENT["llm"], "options": {**AGENT["llm"]["options"], "rules": rules}}
    call = await tenant.ring([BYE, LISTEN], to=await talkative(tenant, llm=llm))
    await answered(call)
    await asyncio.sleep(0.4)
    call.end("caller_hung_up")
    row = await tenant.settled((await tenant.found(call))["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    assert (await tenant.turns(row["id"]))[-1]["interrupted"]


@scenario
async def caller_leaves_without_stop(tenant: Tenant):
    await caller_leaves(tenant, [{"hang_up_at_ms": 1500}], close_without_stop=True)


@scenario
async def caller_leaves_and_the_socket_stays_open(tenant: Tenant):
    await caller_leaves(tenant, [{"hang_up_at_ms": 1500}], stop_without_close=True)


@scenario
async def hang_up_is_answered_with_404(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(hang_up_404=True))).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "agent_ended")


@scenario
async def marks_never_come_back(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(marks_never_echoed=True))).ended()
    assert (await tenant.settled((await tenant.found(call))["id"]))["end_reason"] == "agent_ended"


@scenario
async def caller_is_silent(tenant: Tenant):
    brief = {"idle_prompt_s": 3, "idle_prompts": 1}
    made = await tenant.post("agents", {**AGENT, "name": "Brief", "turn_taking": brief})
    number = await tenant.add_number(made["id"])
    call = await (await tenant.ring([LISTEN], to=number)).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "idle")
    said = [turn["text"] for turn in await tenant.turns(row["id"])]
    assert said == [AGENT["first_message"], "Are you still there?", "Goodbye."]


@scenario
async def rest_hang_up(tenant: Tenant):
    call = await tenant.ring([LISTEN])
    await call.reached("agent_stopped")
    row = await tenant.found(call)
    await tenant.post(f"calls/{row['id']}/hang-up")
    await call.ended()
    assert call.cause == "application_hung_up"
    assert (await tenant.settled(row["id"]))["end_reason"] == "api_hung_up"
    again = await tenant.http.post(f"calls/{row['id']}/hang-up")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "call_over")

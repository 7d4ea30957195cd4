"""What happens on a line, over real sockets: keys, transfers and machines on the simulated Twilio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from patter.simulators.demo import AGENT
from patter.simulators.script import Digits, HangUp, Listen, Step, Wait
from patter.simulators.twilio import Faults, Phone
from patter.simulators.twilio.call import Call
from tests.system.tenant import Tenant
from tests.system.world import World, embedded

HUMAN = "+12025550170"
MESSAGE = "This is the restaurant. Please call us back."
LINE_AGENT: dict[str, Any] = {
    **AGENT,
    "transfer_targets": [
        {"name": "manager", "number": HUMAN, "ring_s": 5},
        {"name": "owner", "number": HUMAN, "kind": "warm", "ring_s": 5},
    ],
    "policies": {"machines": {"introduction": "This is the restaurant, about your table."}},
}
pytestmark = [pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with embedded(tmp_path_factory.mktemp("line")) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenant(world: World) -> Tenant:
    return await world.tenant(agent=LINE_AGENT)


async def connected(tenant: Tenant, steps: list[dict[str, Any]] | None = None) -> tuple[Call, str]:
    """A caller whom the agent has greeted."""
    carrier_call = await tenant.ring(steps or [{"listen": True}])
    await carrier_call.reached("agent_started")
    row = await tenant.found(carrier_call)
    await tenant.until_status(row["id"], "in_progress")
    return carrier_call, row["id"]


async def transfer_in_state(tenant: Tenant, call_id: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        rows = (await tenant.get(f"calls/{call_id}/transfers"))["results"]
        if rows and rows[-1]["state"] in states:
            return dict(rows[-1])
        assert time.monotonic() < deadline, rows
        await asyncio.sleep(0.05)


async def back_with_the_agent(tenant: Tenant, call_id: str) -> None:
    """The agent speaks with the caller again."""
    deadline = time.monotonic() + 20
    while not any("reach anyone" in turn["text"] for turn in await tenant.turns(call_id)):
        assert time.monotonic() < deadline, await tenant.turns(call_id)
        await asyncio.sleep(0.1)
    await tenant.until_status(call_id, "in_progress")


@pytest.mark.supports("a cold transfer", mode="pipeline", reply_by="model")
async def test_a_caller_is_put_through_and_the_row_ends_with_the_conversation(tenant: Tenant) -> None:
    tenant.simulator.add_phone(Phone(HUMAN, answer_after_s=0.1, talk_s=1.5))
    carrier_call, call_id = await connected(tenant)
    await tenant.post(f"calls/{call_id}/transfer", {"target": "manager"})
    await transfer_in_state(tenant, call_id, "joined", "completed")
    assert (await tenant.get(f"calls/{call_id}"))["status"] == "transferring"
    await carrier_call.ended(20)
    row = await tenant.settled(call_id)
    assert (row["status"], row["end_reason"], row["outcome"]) == ("completed", "transferred", "human")
    done = await transfer_in_state(tenant, call_id, "completed")
    assert [moment["state"] for moment in done["timeline"]][-2:] == ["joined", "completed"]
    assert done["talk_s"] >= 1
    told = await tenant.told(call_id)
    assert told.count("call.transferred") == told.count("call.ended") == 1


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("declined", "declined"), ("failed", "failed")],
)
async def test_nobody_is_reached_and_the_caller_is_back_with_the_agent(
    tenant: Tenant, behaviour: str, reason: str
) -> None:
    tenant.simulator.add_phone(Phone(HUMAN, behaviour=behaviour, answer_after_s=0.1))
    carrier_call, call_id = await connected(tenant)
    await tenant.post(f"calls/{call_id}/transfer", {"target": "manager"})
    await transfer_in_state(tenant, call_id, "failed")
    await carrier_call.reached("stream_started", 2)
    await back_with_the_agent(tenant, call_id)
    await tenant.post(f"calls/{call_id}/hang-up")
    await carrier_call.ended(20)
    assert (await tenant.settled(call_id))["end_reason"] == "api_hung_up"
    assert (await transfer_in_state(tenant, call_id, "failed"))["reason"] == reason
    assert "call.transfer_failed" in await tenant.told(call_id)


@pytest.mark.supports("a warm transfer", mode="pipeline", reply_by="model")
@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((Digits("1"), Wait(500), HangUp()), "completed"),
        ((Digits("2"), Listen()), "failed"),
        ((HangUp(at_ms=300),), "failed"),
    ],
)
async def test_a_warm_transfer(tenant: Tenant, steps: tuple[Step, ...], state: str) -> None:
    tenant.simulator.add_phone(Phone(HUMAN, answer_after_s=0.1, steps=steps))
    carrier_call, call_id = await connected(tenant)
    summary = "Ada would like to change her table."
    await tenant.post(f"calls/{call_id}/transfer", {"target": "owner", "summary": summary})
    done = await transfer_in_state(tenant, call_id, state)
    human = next(call for call in tenant.simulator.calls.values() if call.order.to == HUMAN)
    told = [fact.data["text"] for fact in human.of_kind("carrier_said")]
    assert told and told[0].startswith(summary)
    assert carrier_call.of_kind("conference_entered")
    del tenant.simulator.calls[human.sid]
    if state == "failed":
        assert done["reason"] == "declined"
        await back_with_the_agent(tenant, call_id)
        await tenant.post(f"calls/{call_id}/hang-up")
    await carrier_call.ended(20)
    row = await tenant.settled(call_id)
    assert row["end_reason"] == ("api_hung_up" if state == "failed" else "transferred")


async def test_a_caller_who_hangs_up_leaves_nobody_ringing(tenant: Tenant) -> None:
    tenant.simulator.add_phone(Phone(HUMAN, answer_after_s=60))
    carrier_call, call_id = await connected(tenant)
    await tenant.post(f"calls/{call_id}/transfer", {"target": "owner"})
    await carrier_call.reached("conference_entered")
    human = next(call for call in tenant.simulator.calls.values() if call.order.to == HUMAN)
    carrier_call.end("caller_hung_up")
    await human.ended(20)
    row = await tenant.settled(call_id)
    assert row["end_reason"] == "caller_hung_up"
    assert human.status == "canceled"


async def test_somebody_who_is_no_target_is_refused(tenant: Tenant) -> None:
    carrier_call, call_id = await connected(tenant)
    answer = await tenant.http.post(f"calls/{call_id}/transfer", json={"target": "+19005550123"})
    assert answer.status_code == 400
    assert "Possible: 'manager', 'owner'" in answer.json()["error"]["fields"]["target"][0]
    answer = await tenant.http.post(f"calls/{call_id}/digits", json={"digits": "1;2"})
    assert answer.status_code == 400
    carrier_call.end("caller_hung_up")
    await tenant.settled(call_id)


@pytest.mark.supports("keys out", mode="pipeline", reply_by="model")
async def test_keys_out_and_one_call_stays_one_record(tenant: Tenant) -> None:
    carrier_call, call_id = await connected(tenant)
    await tenant.post(f"calls/{call_id}/digits", {"digits": "1w2#"})
    pressed = await carrier_call.reached("carrier_pressed")
    assert pressed.data["digits"] == "1w2#"
    await carrier_call.reached("stream_started", 2)
    await tenant.post(f"calls/{call_id}/say", {"text": "The keys were pressed."})
    await carrier_call.reached("agent_started", 2)
    carrier_call.end("caller_hung_up")
    row = await tenant.settled(call_id)
    assert row["end_reason"] == "caller_hung_up"
    assert len((await tenant.get("calls"))["results"]) >= 1
    kinds = [event["kind"] for event in await tenant.timeline(call_id)]
    assert kinds.count("digits.sent") == 1
    assert "leg.replaced" in kinds


@pytest.mark.supports("the carrier's recording", mode="pipeline", reply_by="model")
async def test_the_carriers_recording_is_fetched_although_it_is_announced_too_early(tenant: Tenant) -> None:
    policies = {"recording": {"carrier": True, "announcement": "This call is recorded."}}
    agent = await tenant.post("agents", {**LINE_AGENT, "name": "Recorded", "policies": policies})
    number = await tenant.add_number(agent["id"])
    faults = Faults(recording_404_times=2)
    carrier_call = await tenant.ring([{"wait_s": 2}, {"hang_up": True}], to=number, faults=faults)
    await carrier_call.ended(20)
    row = await tenant.found(carrier_call)
    deadline = time.monotonic() + 40
    while (got := await tenant.http.get(f"calls/{row['id']}/recording?source=carrier")).status_code != 200:
        assert time.monotonic() < deadline, got.text
        await asyncio.sleep(0.2)
    assert got.content == carrier_call.media.wav()
    assert (await tenant.turns(row["id"]))[0]["text"].startswith("This call is recorded")
    assert (await tenant.http.delete(f"calls/{row['id']}")).status_code == 204
    deadline = time.monotonic() + 60
    while not carrier_call.of_kind("recording_deleted"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)


@pytest.mark.supports("a message left on an answering machine", mode="pipeline", reply_by="model")
@pytest.mark.parametrize(
    ("answered_by", "wish", "reason", "outcome"),
    [
        ("machine", {"voicemail_message": MESSAGE}, "voicemail", "voicemail_left"),
        ("machine", {"on_machine": "hang_up"}, "machine", "machine"),
        ("human", {"voicemail_message": MESSAGE}, "api_hung_up", "human"),
        ("unknown", {"voicemail_message": MESSAGE}, "api_hung_up", "human"),
        ("machine", {"on_machine": "continue"}, "api_hung_up", "machine"),
    ],
)
async def test_who_answers_an_outbound_call(
    tenant: Tenant, answered_by: str, wish: dict[str, Any], reason: str, outcome: str
) -> None:
    callee = "+12025550171"
    phone = Phone(callee, answer_after_s=0.1, answered_by=answered_by, detected_after_s=0.5, greeting_s=1.5)
    tenant.simulator.add_phone(phone)
    placed = await tenant.post("calls", {"to": callee, **wish})
    await tenant.until_status(placed["id"], "in_progress", 15)
    if reason == "api_hung_up":
        deadline = time.monotonic() + 15
        while "call.machine_detected" not in await tenant.told(placed["id"]):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        await tenant.post(f"calls/{placed['id']}/hang-up")
    row = await tenant.settled(placed["id"], 25)
    assert (row["end_reason"], row["outcome"]) == (reason, outcome)
    if reason == "voicemail":
        assert (await tenant.turns(placed["id"]))[-1]["text"] == MESSAGE

"""What Twilio gets wrong and other tests do not show: the call goes on, and there is one of it.

Rows are those of the public reference of carrier traps; ``test_carrier_rows.py`` says where each is tested.
"""

from __future__ import annotations

import asyncio
import time

import pytest
import pytest_asyncio

from patter.simulators.demo import AGENT
from patter.simulators.script import Digits, Listen
from patter.simulators.twilio import Faults, Phone
from tests.system.chosen import chosen
from tests.system.steps import BOOK, BYE, LISTEN
from tests.system.tenant import Tenant
from tests.system.world import embedded

AT_ONCE = 4
CALLEE = "+1202555018{}"
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


async def goes_on(tenant: Tenant, **faults):
    """A whole conversation in spite of it: heard, answered, ended by the agent, once."""
    call = await (await tenant.ring([BOOK, BYE, LISTEN], faults=Faults(**faults))).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended", row
    told = await tenant.told(row["id"])
    assert (told.count("call.started"), told.count("call.ended")) == (1, 1)
    said = [(turn["role"], turn["text"]) for turn in await tenant.turns(row["id"])]
    assert ("user", BOOK["say"]) in said, said
    assert said.count(("assistant", AGENT["first_message"])) == 1, said
    return call, row


async def placed(tenant: Tenant, phone: Phone, **wish):
    tenant.simulator.add_phone(phone)
    return (await tenant.post("calls", {"to": phone.number, **wish}))["id"]


@scenario
async def row_1_every_status_comes_twice(tenant: Tenant):
    await goes_on(tenant, duplicate_status_callbacks=True)


@scenario
async def row_2_every_status_comes_late(tenant: Tenant):
    await goes_on(tenant, late_status_s=0.5)


@scenario
async def row_11_the_answer_to_a_dial_is_lost_and_nobody_is_phoned_twice(tenant: Tenant):
    phone = Phone(CALLEE.format(1), answer_after_s=0.1, faults=Faults(lost_create_answer=True))
    call_id = await placed(tenant, phone)
    await tenant.until_status(call_id, "in_progress")
    assert sum(call.order.to == phone.number for call in tenant.simulator.calls.values()) == 1
    await tenant.post(f"calls/{call_id}/hang-up")
    assert (await tenant.settled(call_id))["end_reason"] == "api_hung_up"


@scenario
async def row_11_a_lost_dial_whose_callbacks_never_come_is_found_in_the_list(tenant: Tenant):
    faults = Faults(lost_create_answer=True, no_status_callbacks=True)
    call_id = await placed(tenant, Phone(CALLEE.format(2), answer_after_s=40, faults=faults))
    deadline = time.monotonic() + 40
    while not (await tenant.get(f"calls/{call_id}"))["carrier_call_id"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.5)
    kinds = [event["kind"] for event in await tenant.timeline(call_id)]
    assert "dial.unknown" in kinds and "dial.found" in kinds
    await tenant.post(f"calls/{call_id}/hang-up")
    await tenant.settled(call_id)


@scenario
async def row_12_an_answered_call_is_never_given_another_document(tenant: Tenant):
    steps = (Digits("1"), Listen())
    call_id = await placed(tenant, Phone(CALLEE.format(3), answer_after_s=0.1, steps=steps))
    await tenant.until_status(call_id, "in_progress")
    [call] = [call for call in tenant.simulator.calls.values() if call.order.to == CALLEE.format(3)]
    await call.reached("agent_stopped")
    assert len(call.of_kind("document")) == 1
    await tenant.post(f"calls/{call_id}/hang-up")
    await tenant.settled(call_id)


@scenario
async def row_14_a_verdict_that_comes_after_the_call_changes_nothing(tenant: Tenant):
    phone = Phone(CALLEE.format(4), answer_after_s=0.1, answered_by="machine", detected_after_s=20)
    call_id = await placed(tenant, phone, voicemail_message="Please call us back.")
    await tenant.until_status(call_id, "in_progress")
    [call] = [call for call in tenant.simulator.calls.values() if call.order.to == phone.number]
    await call.reached("agent_stopped")
    await tenant.post(f"calls/{call_id}/hang-up")
    row = await tenant.settled(call_id)
    assert (row["end_reason"], row["outcome"]) == ("api_hung_up", "human")


@scenario
async def row_29_nothing_comes_for_three_seconds_then_all_at_once(tenant: Tenant):
    await goes_on(tenant, gap_at_ms=500, gap_ms=3000)


@scenario
async def row_34_another_codec_than_ever_and_counts_that_begin_anew(tenant: Tenant):
    await goes_on(tenant, a_law=True, counts_anew_at_ms=3000)


@scenario
async def row_39_a_second_socket_with_a_used_token_opens_nothing(tenant: Tenant):
    call, _ = await goes_on(tenant, second_socket_at_ms=800)
    [second] = call.of_kind("second_socket")
    assert second.data.get("code") == 1008


@scenario
async def row_49_a_broken_socket_that_ends_the_call_at_the_carrier(tenant: Tenant):
    faults = Faults(lose_socket_at_ms=1500, lost_socket_ends_call=True)
    call = await (await tenant.ring([LISTEN], faults=faults)).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["status"] in ("completed", "failed")
    told = await tenant.told(row["id"])
    assert told.count("call.ended") == 1


@scenario
async def frames_of_100_ms_and_frames_without_sound(tenant: Tenant):
    await goes_on(tenant, frame_ms=100, empty_payloads=True)


@scenario
async def an_address_signed_without_its_port(tenant: Tenant):
    await goes_on(tenant, wrong_port=True)


@scenario
async def a_line_with_noise_echo_and_jitter(tenant: Tenant):
    profile = frozenset({"noise", "echo", "jitter"})
    call = await (await tenant.ring([BYE, LISTEN], profile=profile)).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended"


@scenario
async def the_carriers_bill_has_every_leg_once(tenant: Tenant):
    call, row = await goes_on(tenant)
    [line] = [line for line in tenant.simulator.world.ledger if line.call_sid == call.sid]
    assert abs(line.seconds - row["duration_s"]) <= 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(request, tmp_path_factory):
    async with embedded(tmp_path_factory.mktemp("twilio")) as world:
        tenant = await world.tenant()
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = {name: asyncio.create_task(_one(gate, SCENARIOS[name], tenant)) for name in chosen(request)}
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for call in list(world.simulator.calls.values()):
            await call.ended()
        assert await tenant.live_calls() == []


async def _one(gate: asyncio.Semaphore, run, tenant: Tenant) -> None:
    async with gate:
        await run(tenant)


@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_twilio_fault(outcomes, name):
    await outcomes[name]

"""Whole calls over the simulated Telnyx: real processes, real sockets, real webhooks.

They run at the same time, and each test looks at one of them.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from patter.simulators.demo import AGENT
from patter.simulators.script import Digits, Listen, Say
from patter.simulators.telnyx import Faults, Phone
from tests.system.chosen import chosen
from tests.system.steps import BOOK, BYE, LISTEN, MENU, press
from tests.system.telnyx import TelnyxTenant, telnyx_embedded

AT_ONCE = 6
SCENARIOS = {}
SHOWN = {
    "the_agent_ends_it": ("greeting", "several turns", "the agent ends the call"),
    "the_caller_speaks_over_the_agent": ("speaking over a reply",),
    "a_key_is_one_turn_though_it_is_told_twice": ("keys",),
    "row_16_telnyx_records_and_the_file_is_fetched_over_a_fresh_link": ("the carrier's recording",),
    "somebody_is_called": ("a call out",),
    "a_machine_answers": ("a message left on an answering machine",),
}
"""The cells of the support table that a scenario proves: the demo agent is a pipeline with a model."""


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


async def rung(tenant: TelnyxTenant, steps, **more):
    """A call from ring to end, and the platform's row of it."""
    leg = await (await tenant.ring(steps, **more)).ended()
    return leg, await tenant.settled((await tenant.found(leg))["id"])


async def texts(tenant: TelnyxTenant, call_id: str, role: str) -> list[str]:
    return [turn["text"] for turn in await tenant.turns(call_id) if turn["role"] == role]


def heard_s(leg) -> float:
    return leg.media.counts["agent_bytes_played"] / 8000


# -- inbound --------------------------------------------------------------------------------------


@scenario
async def the_agent_ends_it(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [BOOK, BYE, LISTEN])
    assert (row["status"], row["end_reason"], row["carrier"]) == ("completed", "agent_ended", "telnyx")
    assert leg.hangup[:2] == ("normal_clearing", "callee") and not leg.complaints
    assert any("table" in text for text in await texts(tenant, row["id"], "user"))
    assert heard_s(leg) > 1


@scenario
async def the_caller_speaks_over_the_agent(tenant: TelnyxTenant):
    leg, row = await rung(
        tenant, [BOOK, MENU, {"over": "that sounds wonderful", "after_ms": 900}, BYE, LISTEN]
    )
    assert leg.of_kind("cleared") and leg.media.counts["agent_bytes_cleared"] > 0
    cut = [turn for turn in await tenant.turns(row["id"]) if turn["interrupted"]]
    assert cut and cut[0]["full_text"] != cut[0]["text"]


@scenario
async def a_key_is_one_turn_though_it_is_told_twice(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [press("1"), BYE, LISTEN])
    assert (await texts(tenant, row["id"], "user")).count("[DTMF: 1]") == 1
    told = [fact.data["about"] for fact in leg.of_kind("webhook")]
    assert told.count("call.dtmf.received") == 1


@scenario
async def keys_in_the_wrong_order_are_put_right(tenant: TelnyxTenant):
    steps = [press("12"), BYE, LISTEN]
    _, row = await rung(tenant, steps, faults=Faults(shuffled_digits=True))
    keys = [text for text in await texts(tenant, row["id"], "user") if "DTMF" in text]
    assert keys == ["[DTMF: 1]", "[DTMF: 2]"]


@scenario
async def headers_of_the_caller_are_custom_parameters(tenant: TelnyxTenant):
    headers = {"X-Ticket": "42", "X-Long": "x" * 600}
    _, row = await rung(tenant, [{"hang_up_at_ms": 500}], headers=headers)
    assert row["custom_params"] == {"X-Ticket": "42"}


@scenario
async def a_number_that_nobody_has_is_turned_away_unanswered(tenant: TelnyxTenant):
    tenant.simulator.add_number("+12025559999", tenant.api_key, tenant.connection)
    leg = await (await tenant.ring([LISTEN], to="+12025559999")).ended()
    assert (leg.cause, leg.answered_ms) == ("rejected", None)
    row = await tenant.settled((await tenant.found(leg))["id"])
    assert (row["status"], row["error"]["code"]) == ("failed", "unknown_number")


@scenario
async def the_caller_hangs_up_at_any_moment(tenant: TelnyxTenant):
    gate = asyncio.Semaphore(5)
    script = [BOOK, {"over": "tomorrow evening", "after_ms": 300}, press("1"), MENU, LISTEN]

    async def hang_up(at_ms: int) -> None:
        async with gate:
            leg, row = await rung(tenant, [*script, {"hang_up_at_ms": at_ms}])
        told = await tenant.told(row["id"])
        assert told.count("call.ended") + told.count("call.failed") == 1, at_ms
        assert row["end_reason"] == "caller_hung_up" and not leg.complaints, (at_ms, row, leg.complaints)

    await asyncio.gather(*(hang_up(at_ms) for at_ms in range(100, 10_000, 600)))


@scenario
async def row_16_telnyx_records_and_the_file_is_fetched_over_a_fresh_link(tenant: TelnyxTenant):
    policies = {"recording": {"carrier": True}}
    agent = await tenant.post("agents", {**AGENT, "name": "recorded", "policies": policies})
    number = await tenant.add_number(agent["id"])
    leg = await (await tenant.ring([BOOK, BYE, LISTEN], to=number)).ended()
    row = await tenant.settled((await tenant.found(leg))["id"])
    asked = [fact.data["name"] for fact in leg.of_kind("command")]
    assert asked[:3] == ["answer", "record_start", "streaming_start"] and not leg.complaints
    find = (
        "SELECT status, size_bytes FROM calls_recording "
        f"WHERE call_id = '{row['id']}' AND carrier_recording_id != ''"
    )
    deadline = asyncio.get_running_loop().time() + 20
    while (rows := await tenant.platform.rows(find)) == [] or rows[0][0] == "processing":
        assert asyncio.get_running_loop().time() < deadline, rows
        await asyncio.sleep(0.2)
    assert rows == [("ready", len(leg.media.wav()))]


# -- outbound -------------------------------------------------------------------------------------


@scenario
async def somebody_is_called(tenant: TelnyxTenant):
    number = "+12025550160"
    phone = Phone(
        number, steps=(Say("when are you open"), Digits("1"), Say("thank you and goodbye"), Listen())
    )
    row = await tenant.call(phone, custom_params={"X-Ticket": "7", "ticket": "8"})
    leg = await tenant.leg_of(row["id"])
    await leg.ended()
    row = await tenant.settled(row["id"])
    assert (row["status"], row["outcome"], row["end_reason"]) == ("completed", "human", "agent_ended")
    assert list(leg.order.custom_headers) == [{"name": "X-Ticket", "value": "7"}]
    assert "[DTMF: 1]" in await texts(tenant, row["id"], "user")
    assert not leg.complaints


async def outcome_of(tenant: TelnyxTenant, phone: Phone, **more):
    row = await tenant.call(phone, **more)
    return await tenant.settled(row["id"])


@scenario
async def nobody_can_be_reached(tenant: TelnyxTenant):
    outcomes = {
        "busy": ("busy", "busy"),
        "declined": ("declined", "declined"),
        "not-found": ("invalid_number", "failed"),
        "failed": ("failed", "failed"),
    }
    for at, (behaviour, expected) in enumerate(outcomes.items()):
        row = await outcome_of(tenant, Phone(f"+1202555017{at}", behaviour))
        assert (row["outcome"], row["end_reason"]) == expected, behaviour
        assert (await tenant.told(row["id"])).count("call.failed") == 1


@scenario
async def the_answer_to_a_dial_is_lost(tenant: TelnyxTenant):
    """It is dialled once, and the webhooks, which carry the call's id, make it known."""
    other = await tenant.another_account()
    number = "+12025550181"
    phone = Phone(number, steps=(Say("thank you and goodbye"), Listen()))
    tenant.simulator.add_phone(phone)
    tenant.simulator.world.lose_answers_of.add(other["api_key"])
    row = dict(await tenant.post("calls", {"to": number, "from": other["number"], "agent": tenant.agent}))
    row = await tenant.settled(row["id"])
    legs = [leg for leg in tenant.simulator.calls.values() if leg.order.to == number]
    assert len(legs) == 1
    assert (row["status"], row["carrier_call_id"]) == ("completed", legs[0].id)


@scenario
async def a_machine_answers(tenant: TelnyxTenant):
    """A beep without a verdict before it is a machine, too (premium detection)."""
    for at, machine in enumerate(("machine-beep", "beep-only")):
        phone = Phone(f"+1202555019{at}", machine=machine, machine_after_s=1.0)
        row = await outcome_of(tenant, phone, voicemail_message="Please call us back.")
        leg = tenant.simulator.calls[row["carrier_call_id"]]
        assert row["outcome"] == "voicemail_left", machine
        assert heard_s(leg) > 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(request, tmp_path_factory):
    async with telnyx_embedded(tmp_path_factory.mktemp("telnyx")) as world:
        tenant = await world.tenant(agent=AGENT)
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = {name: asyncio.create_task(_one(gate, SCENARIOS[name], tenant)) for name in chosen(request)}
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await _nothing_is_left(world, tenant)


async def _one(gate: asyncio.Semaphore, run, tenant: TelnyxTenant) -> None:
    async with gate:
        await run(tenant)


async def _nothing_is_left(world, tenant: TelnyxTenant) -> None:
    for leg in list(world.simulator.calls.values()):
        await leg.ended()
    rows = await world.platform.rows("SELECT COUNT(*) FROM calls_call WHERE announced_at IS NULL")
    assert rows == [(0,)]
    assert await tenant.live_calls() == []


def _named(name: str):
    features = SHOWN.get(name, ())
    shows = pytest.mark.supports(*features, mode="pipeline", reply_by="model", carrier="telnyx")
    return pytest.param(name, marks=[shows] if features else [], id=name)


@pytest.mark.timeout(500)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [_named(name) for name in SCENARIOS])
async def test_telnyx_call(outcomes, name):
    await outcomes[name]

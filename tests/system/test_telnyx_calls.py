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
from tests.system.telnyx import TelnyxTenant, telnyx_embedded

BOOK = {"say": "I would like to book a table"}
MENU = {"say": "what is on the menu"}
BYE = {"say": "thank you and goodbye"}
LISTEN = {"listen": True}
AT_ONCE = 6
DESK, SALES = "+12025550150", "+12025550151"
TARGETS = [
    {"name": "desk", "number": DESK},
    {"name": "sales", "number": SALES, "kind": "warm"},
]
SCENARIOS = {}
SHOWN = {
    "the_agent_ends_it": ("greeting", "several turns", "the agent ends the call"),
    "the_caller_speaks_over_the_agent": ("speaking over a reply",),
    "a_key_is_one_turn_though_it_is_told_twice": ("keys",),
    "row_16_telnyx_records_and_the_file_is_fetched_over_a_fresh_link": ("the carrier's recording",),
    "a_text_is_said_and_keys_are_pressed": ("keys out",),
    "somebody_is_called": ("a call out",),
    "a_machine_answers": ("a message left on an answering machine",),
    "a_caller_is_transferred": ("a cold transfer",),
    "a_human_takes_the_caller_after_the_summary": ("a warm transfer",),
}
"""The cells of the support table that a scenario proves: the demo agent is a pipeline with a model."""


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


async def rung(tenant: TelnyxTenant, steps, **more):
    """A call from ring to end, and the platform's row of it."""
    leg = await (await tenant.ring(steps, **more)).ended(60)
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
async def the_caller_ends_it(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [BOOK, {"hang_up": True}])
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    assert (await tenant.told(row["id"])).count("call.ended") == 1
    assert not leg.complaints


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
    leg, row = await rung(tenant, [{"digits": "1"}, BYE, LISTEN])
    assert (await texts(tenant, row["id"], "user")).count("[DTMF: 1]") == 1
    told = [fact.data["about"] for fact in leg.of_kind("webhook")]
    assert told.count("call.dtmf.received") == 1


@scenario
async def keys_in_the_wrong_order_are_put_right(tenant: TelnyxTenant):
    steps = [{"digits": "12"}, BYE, LISTEN]
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
    leg = await (await tenant.ring([LISTEN], to="+12025559999")).ended(20)
    assert (leg.cause, leg.answered_ms) == ("rejected", None)
    row = await tenant.settled((await tenant.found(leg))["id"])
    assert (row["status"], row["error"]["code"]) == ("failed", "unknown_number")


@scenario
async def the_caller_hangs_up_at_any_moment(tenant: TelnyxTenant):
    gate = asyncio.Semaphore(5)
    script = [BOOK, {"over": "tomorrow evening", "after_ms": 300}, {"digits": "1"}, MENU, LISTEN]

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
    leg = await (await tenant.ring([BOOK, BYE, LISTEN], to=number)).ended(60)
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


# -- asked from outside ---------------------------------------------------------------------------


@scenario
async def hung_up_over_the_interface(tenant: TelnyxTenant):
    leg = await tenant.ring([LISTEN])
    await leg.reached("agent_started")
    call = await tenant.found(leg)
    await tenant.post(f"calls/{call['id']}/hang-up")
    await leg.ended(20)
    row = await tenant.settled(call["id"])
    assert (row["end_reason"], leg.hangup[1]) == ("api_hung_up", "callee")


@scenario
async def a_text_is_said_and_keys_are_pressed(tenant: TelnyxTenant):
    leg = await tenant.ring([LISTEN])
    await leg.reached("agent_stopped")
    call = await tenant.found(leg)
    await tenant.post(f"calls/{call['id']}/digits", {"digits": "1w2"})
    pressed = await leg.reached("carrier_pressed")
    assert pressed.data["digits"] == "1w2"
    await tenant.post(f"calls/{call['id']}/say", {"text": "One moment please, I am looking."})
    await leg.reached("agent_stopped", 2)
    await tenant.post(f"calls/{call['id']}/hang-up")
    await leg.ended(20)
    row = await tenant.settled(call["id"])
    assert len(leg.of_kind("stream_started")) == 1  # keys do not end the stream here
    assert "One moment please, I am looking." in await texts(tenant, row["id"], "assistant")


# -- outbound -------------------------------------------------------------------------------------


@scenario
async def somebody_is_called(tenant: TelnyxTenant):
    number = "+12025550160"
    phone = Phone(
        number, steps=(Say("when are you open"), Digits("1"), Say("thank you and goodbye"), Listen())
    )
    row = await tenant.call(phone, custom_params={"X-Ticket": "7", "ticket": "8"})
    leg = await tenant.leg_of(row["id"])
    await leg.ended(60)
    row = await tenant.settled(row["id"])
    assert (row["status"], row["outcome"], row["end_reason"]) == ("completed", "human", "agent_ended")
    assert list(leg.order.custom_headers) == [{"name": "X-Ticket", "value": "7"}]
    assert "[DTMF: 1]" in await texts(tenant, row["id"], "user")
    assert not leg.complaints


async def outcome_of(tenant: TelnyxTenant, phone: Phone, **more):
    row = await tenant.call(phone, **more)
    return await tenant.settled(row["id"], 25)


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
async def nobody_answers(tenant: TelnyxTenant):
    row = await outcome_of(tenant, Phone("+12025550179", "no-answer"), ring_s=5)
    assert (row["outcome"], row["end_reason"]) == ("no_answer", "no_answer")


@scenario
async def a_call_is_taken_back_while_it_rings(tenant: TelnyxTenant):
    row = await tenant.call(Phone("+12025550180", answer_after_s=20))
    leg = await tenant.leg_of(row["id"])
    await tenant.post(f"calls/{row['id']}/hang-up")
    await leg.ended(20)
    row = await tenant.settled(row["id"])
    assert (row["status"], leg.hangup[0]) == ("cancelled", "originator_cancel")


@scenario
async def the_answer_to_a_dial_is_lost(tenant: TelnyxTenant):
    """It is dialled once, and the webhooks, which carry the call's id, make it known."""
    other = await tenant.another_account()
    number = "+12025550181"
    phone = Phone(number, steps=(Say("thank you and goodbye"), Listen()))
    tenant.simulator.add_phone(phone)
    tenant.simulator.world.lose_answers_of.add(other["api_key"])
    row = dict(await tenant.post("calls", {"to": number, "from": other["number"], "agent": tenant.agent}))
    row = await tenant.settled(row["id"], 40)
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


# -- transfers ------------------------------------------------------------------------------------


async def transferred(tenant: TelnyxTenant, target: str, phone: Phone):
    tenant.simulator.add_phone(phone)
    leg = await tenant.ring([LISTEN])
    await leg.reached("agent_stopped")
    call = await tenant.found(leg)
    await tenant.post(f"calls/{call['id']}/transfer", {"target": target, "summary": "Wants a big table."})
    return leg, call


@scenario
async def a_caller_is_transferred(tenant: TelnyxTenant):
    leg, call = await transferred(tenant, "desk", Phone(DESK, talk_s=2))
    await leg.reached("transferred")
    await leg.ended(30)
    row = await tenant.settled(call["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "transferred")
    assert "call.transferred" in await tenant.told(call["id"])


@scenario
async def a_busy_target_leaves_the_caller_with_the_agent(tenant: TelnyxTenant):
    target = TARGETS[0] | {"name": "office", "number": "+12025550152"}
    agent = await tenant.post("agents", {**AGENT, "name": "office", "transfer_targets": [target]})
    number = await tenant.add_number(agent["id"])
    tenant.simulator.add_phone(Phone("+12025550152", "busy"))
    leg = await tenant.ring([LISTEN], to=number)
    await leg.reached("agent_stopped")
    call = await tenant.found(leg)
    await tenant.post(f"calls/{call['id']}/transfer", {"target": "office"})
    await leg.reached("agent_stopped", 2)  # the agent says that it could not be done
    assert len(leg.of_kind("stream_started")) == 1
    await tenant.post(f"calls/{call['id']}/hang-up")
    await leg.ended(20)
    row = await tenant.settled(call["id"])
    assert row["end_reason"] == "api_hung_up"
    assert "call.transfer_failed" in await tenant.told(call["id"])


@scenario
async def a_human_takes_the_caller_after_the_summary(tenant: TelnyxTenant):
    leg, call = await transferred(tenant, "sales", Phone(SALES, accepts="1", talk_s=1))
    await leg.reached("carrier_played")
    await leg.reached("bridged", timeout_s=20)
    human = next(one for one in tenant.simulator.calls.values() if one.order.to == SALES)
    assert "Wants a big table." in human.of_kind("carrier_said")[0].data["text"]
    human.end("talked", "normal_clearing", "callee")
    leg.end("caller_hung_up")
    await leg.ended(20)
    row = await tenant.settled(call["id"])
    assert (row["status"], row["end_reason"]) == ("completed", "transferred")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(tmp_path_factory):
    async with telnyx_embedded(tmp_path_factory.mktemp("telnyx")) as world:
        tenant = await world.tenant(agent={**AGENT, "transfer_targets": TARGETS})
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = {name: asyncio.create_task(_one(gate, run, tenant)) for name, run in SCENARIOS.items()}
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


@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", [_named(name) for name in SCENARIOS])
async def test_telnyx_call(outcomes, name):
    await outcomes[name]

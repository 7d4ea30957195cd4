"""Doors, over real sockets: whatever comes, it gets its own answer, and no call stays in progress.

Most scenarios wait for somebody, so they all run at the same time, and each test looks at one of them.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from patter.carriers.twilio.signature import HEADER
from patter.simulators.demo import AGENT
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.world import new_sid
from tests.system.line import dial, post, ring, tell_status, voice_fields
from tests.system.tenant import Tenant
from tests.system.world import World, embedded

BOOK = {"say": "I would like to book a table"}
BYE = {"say": "thank you and goodbye"}
LISTEN = {"listen": True}
AT_ONCE = 8
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


# -- webhooks -------------------------------------------------------------------------------------


@scenario
async def forged_webhook(tenant: Tenant):
    sid = new_sid("CA")
    answer = await post(tenant, tenant.webhook("voice"), voice_fields(tenant, sid), token="wrong")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "signature_invalid"
    assert all(call["carrier_call_id"] != sid for call in (await tenant.get("calls"))["results"])


@scenario
async def webhook_signed_for_another_address(tenant: Tenant):
    fields = voice_fields(tenant, new_sid("CA"))
    own = await post(tenant, tenant.webhook("voice"), fields)
    answer = await post(tenant, tenant.webhook("status"), fields, signature=own.request.headers[HEADER])
    assert answer.status_code == 403
    await tell_status(tenant, fields["CallSid"], "completed")


@scenario
async def replayed_webhook(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(replayed_webhook=True))).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    replayed = [fact for fact in call.of_kind("webhook") if fact.data["about"] == "replayed"]
    assert replayed[0].data["status"] == 200 and "<Hangup" in replayed[0].data["body"]
    assert row["end_reason"] == "agent_ended"
    assert (await tenant.told(row["id"])).count("call.started") == 1


@scenario
async def duplicate_webhook(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(duplicate_webhook=True))).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended"
    same = [each for each in (await tenant.get("calls"))["results"] if each["carrier_call_id"] == call.sid]
    assert len(same) == 1
    said = [turn["text"] for turn in await tenant.turns(row["id"]) if turn["role"] == "assistant"]
    assert len(said) == 2  # one agent greeted, once


@scenario
async def late_webhook(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(late_webhook_s=3))).ended()
    assert (await tenant.settled((await tenant.found(call))["id"]))["end_reason"] == "agent_ended"


@scenario
async def status_before_voice(tenant: Tenant):
    sid = new_sid("CA")
    early = await tell_status(tenant, sid, "completed", CallDuration="0")
    assert early.status_code == 204
    ringing = await ring(tenant, sid)
    assert "<Stream" in ringing.answer.text
    await tell_status(tenant, sid, "completed", CallDuration="0", SequenceNumber="1")
    await tenant.settled(ringing.call_id)


@scenario
async def shuffled_status_callbacks(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(shuffled_status_callbacks=True))).ended()
    assert (await tenant.settled((await tenant.found(call))["id"]))["status"] == "completed"


@scenario
async def no_status_callbacks(tenant: Tenant):
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(no_status_callbacks=True))).ended()
    assert (await tenant.settled((await tenant.found(call))["id"]))["end_reason"] == "agent_ended"


# -- frames ---------------------------------------------------------------------------------------


async def survives(tenant: Tenant, faults: Faults, *reasons: str) -> None:
    """The call goes on; what was wrong stands in its timeline."""
    call = await (await tenant.ring([BOOK, BYE, LISTEN], faults=faults)).ended()
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended"
    events = await tenant.timeline(row["id"])
    noted = [event["data"]["reason"] for event in events if event["kind"] == "frame.rejected"]
    assert noted == list(reasons)


@scenario
async def frames_before_start(tenant: Tenant):
    await survives(tenant, Faults(media_before_start=True), "timestamp is not a whole number")


@scenario
async def well_formed_frame_before_start(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    media = {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": "fn5+fn5+"}
    await line.send("media", media)
    await line.start(ringing)
    await line.hears()
    await line.hang_up()
    row = await tenant.settled(ringing.call_id)
    events = await tenant.timeline(row["id"])
    assert [event["data"] for event in events if event["kind"] == "frame.rejected"] == [
        {"reason": "media before start"}
    ]


@scenario
async def garbage(tenant: Tenant):
    await survives(tenant, Faults(garbage_text=True), "not JSON")


@scenario
async def binary(tenant: Tenant):
    await survives(tenant, Faults(binary_frame=True), "binary frame")


@scenario
async def a_frame_of_1_mb(tenant: Tenant):
    await survives(tenant, Faults(huge_frame=True), "frame over 64 kB")


@scenario
async def no_start(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
    began = time.monotonic()
    assert await line.closed(13) == (1008, "no_start")
    assert 9 < time.monotonic() - began < 12
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def nothing_but_nonsense(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    for _ in range(25):
        await line.socket.send("{")
    assert await line.closed() == (1008, "no_start")
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def second_start(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing)
    assert (await line.hears())["event"] == "media"
    await line.start(ringing)
    await line.hang_up()
    row = await tenant.settled(ringing.call_id)
    assert row["end_reason"] == "caller_hung_up"
    events = await tenant.timeline(row["id"])
    reasons = [event["data"]["reason"] for event in events if event["kind"] == "frame.rejected"]
    assert reasons == ["second start"]


# -- tokens ---------------------------------------------------------------------------------------


async def refused(tenant: Tenant, reason: str, *, token: str | None = None, **start: str) -> None:
    """A stream that is closed with a reason, and leaves its call as it was."""
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing, token, **start)
    assert await line.closed() == (1008, reason)
    assert (await tenant.get(f"calls/{ringing.call_id}"))["status"] == "ringing"
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def no_token(tenant: Tenant):
    await refused(tenant, "missing_token", token="")


@scenario
async def wrong_token(tenant: Tenant):
    await refused(tenant, "malformed", token="a" * 20)
    forged = base64.urlsafe_b64encode(b"\x00" * 20 + b"call_x.1.99999999999").decode().rstrip("=")
    await refused(tenant, "forged", token=forged)


@scenario
async def token_of_another_call(tenant: Tenant):
    other = await ring(tenant)
    await refused(tenant, "wrong_call", token=other.token)
    await tell_status(tenant, other.sid, "completed", CallDuration="0")


@scenario
async def token_for_another_carrier_call(tenant: Tenant):
    await refused(tenant, "wrong_carrier_call", callSid=new_sid("CA"))
    await refused(tenant, "wrong_account", accountSid="AC" + "0" * 32)


@scenario
async def token_used_again(tenant: Tenant):
    ringing = await ring(tenant)
    first = await dial(ringing.url)
    await first.start(ringing)
    assert (await first.hears())["event"] == "media"
    second = await dial(ringing.url)
    await second.start(ringing)
    assert await second.closed() == (1008, "used")
    await first.send("mark", {"name": "still here"})
    await first.hang_up()
    assert (await tenant.settled(ringing.call_id))["end_reason"] == "caller_hung_up"


@scenario
async def token_of_an_ended_call(tenant: Tenant):
    ringing = await ring(tenant)
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)
    line = await dial(ringing.url)
    await line.start(ringing)
    assert await line.closed() == (1008, "used")


@scenario
async def media_socket_of_no_call(tenant: Tenant):
    line = await dial(f"{tenant.platform.sockets}/media/twilio/call_unknown")
    await line.socket.send('{"event":"connected"}')
    ringing = await ring(tenant)
    await line.start(ringing)
    assert await line.closed() == (1008, "wrong_call")
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")


@scenario
async def forged_upgrade(tenant: Tenant):
    ringing = await ring(tenant)
    with pytest.raises(InvalidStatus) as refusal:
        await dial(ringing.url, **{HEADER: "forged"})
    assert refusal.value.response.status_code == 403
    await tell_status(tenant, ringing.sid, "completed", CallDuration="0")
    await tenant.settled(ringing.call_id)


@scenario
async def newest_socket_wins(tenant: Tenant):
    ringing = await ring(tenant)
    first = await dial(ringing.url)
    await first.start(ringing)
    assert (await first.hears())["event"] == "media"
    again = await post(tenant, ringing.resume_url, {"CallSid": ringing.sid})
    newer = type(ringing)(tenant, ringing.sid, again)
    second = await dial(newer.url)
    await second.start(newer)
    assert await first.closed() == (1000, "")
    await second.hang_up()
    row = await tenant.settled(ringing.call_id)
    assert row["end_reason"] == "caller_hung_up"
    kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert kinds.count("leg.replaced") == 1
    repeated = await post(tenant, ringing.resume_url, {"CallSid": ringing.sid})
    assert "<Hangup" in repeated.text


@scenario
async def repeated_voice_webhook_of_a_live_call(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing)
    await line.hears()
    again = await ring(tenant, ringing.sid)
    assert again.stream is None and "<Hangup" in again.answer.text
    await line.hang_up()
    await tenant.settled(ringing.call_id)


# -- refusals -------------------------------------------------------------------------------------


@scenario
async def unknown_number(tenant: Tenant):
    number = "+12025559999"
    tenant.simulator.add_number(
        number, tenant.account_sid, tenant.webhook("voice"), status_callback=tenant.webhook("status")
    )
    call = await (await tenant.ring([LISTEN], to=number)).ended(20)
    assert "not set up" in call.of_kind("carrier_said")[0].data["text"]
    row = await tenant.settled((await tenant.found(call))["id"])
    assert (row["status"], row["error"]["code"]) == ("failed", "unknown_number")
    assert (await tenant.told(row["id"])).count("call.failed") == 1


@scenario
async def agent_without_voice(tenant: Tenant):
    made = await tenant.http.post(
        "agents", json={**AGENT, "name": "Mute", "tts": {"provider": "elevenlabs", "voice": "x"}}
    )
    assert made.status_code == 201, made.text
    number = await tenant.add_number(made.json()["id"])
    call = await (await tenant.ring([LISTEN], to=number)).ended(20)
    assert "not in service" in call.of_kind("carrier_said")[0].data["text"]
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["status"] == "failed"
    assert row["error"]["code"] and row["error"]["message"]


@scenario
async def organisation_inactive(tenant: Tenant):
    other = await Tenant(tenant.platform, tenant.simulator, "closed").set_up()
    code = f"""
from patter_site.accounts.models import Organisation
Organisation.objects.filter(pk="{other.organisation}").update(is_active=False)
"""
    await tenant.platform.manage("shell", "-v0", "-c", code)
    call = await (await other.ring([LISTEN])).ended(20)
    await other.http.aclose()
    assert "not in service" in call.of_kind("carrier_said")[0].data["text"]
    rows = await tenant.platform.rows(
        f"SELECT status, error_code, end_reason FROM calls_call WHERE carrier_call_id = '{call.sid}'"
    )
    assert rows == [("failed", "organisation_inactive", "failed")]


# -- hanging up -----------------------------------------------------------------------------------


async def caller_leaves(tenant: Tenant, steps, **faults) -> tuple[dict, list[dict]]:
    call = await (await tenant.ring(steps, faults=Faults(**faults))).ended()
    row = await tenant.settled((await tenant.found(call))["id"], 15)
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    assert (await tenant.told(row["id"])).count("call.ended") == 1
    return row, await tenant.turns(row["id"])


@scenario
async def caller_leaves_during_the_greeting(tenant: Tenant):
    call = await tenant.ring([LISTEN])
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
    call = await tenant.ring([{"say": "what is on the menu"}, LISTEN])
    await call.reached("agent_started", 2)
    await asyncio.sleep(1)
    call.end("caller_hung_up")
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "caller_hung_up"
    turns = await tenant.turns(row["id"])
    assert turns[-1]["role"] == "assistant" and turns[-1]["interrupted"]


@scenario
async def caller_leaves_in_the_goodbye(tenant: Tenant):
    call = await tenant.ring([BYE, LISTEN])
    await call.reached("agent_started", 2)
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
    call = await (await tenant.ring([BYE, LISTEN], faults=Faults(marks_never_echoed=True))).ended(40)
    assert (await tenant.settled((await tenant.found(call))["id"]))["end_reason"] == "agent_ended"


@scenario
async def caller_is_silent(tenant: Tenant):
    brief = {"idle_prompt_s": 3, "idle_prompts": 1}
    made = await tenant.post("agents", {**AGENT, "name": "Brief", "turn_taking": brief})
    number = await tenant.add_number(made["id"])
    call = await (await tenant.ring([LISTEN], to=number)).ended(30)
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


# -- a socket that is lost ------------------------------------------------------------------------


@scenario
async def lost_socket_is_resumed(tenant: Tenant):
    """One call, one conversation: what was agreed before the loss is known after it."""
    steps = [BOOK, {"say": "tomorrow evening please"}, BYE, LISTEN]
    call = await (await tenant.ring(steps, faults=Faults(lose_socket_at_ms=5500))).ended(40)
    row = await tenant.settled((await tenant.found(call))["id"])
    assert row["end_reason"] == "agent_ended"
    assert len(call.of_kind("stream_started")) > 1
    said = [turn["text"] for turn in await tenant.turns(row["id"]) if turn["role"] == "assistant"]
    assert said.count(AGENT["first_message"]) == 1
    assert "Tomorrow. At what time?" in said
    told = await tenant.told(row["id"])
    assert (told.count("call.started"), told.count("call.ended")) == (1, 1)


@scenario
async def lost_socket_without_another(tenant: Tenant):
    ringing = await ring(tenant)
    line = await dial(ringing.url)
    await line.start(ringing)
    await line.hears()
    line.socket.transport.abort()
    row = await tenant.settled(ringing.call_id, 20)
    assert (row["status"], row["end_reason"]) == ("failed", "carrier_error")
    kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert "leg.lost" in kinds


# -- all of them ----------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(tmp_path_factory) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    async with embedded(tmp_path_factory.mktemp("doors")) as world:
        tenant = await world.tenant()
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = {
            name: asyncio.create_task(_one(gate, run, tenant), name=name) for name, run in SCENARIOS.items()
        }
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await _nothing_is_left(world, tenant)


async def _one(gate: asyncio.Semaphore, run, tenant: Tenant) -> None:
    async with gate:
        await run(tenant)


async def _nothing_is_left(world: World, tenant: Tenant) -> None:
    for call in list(world.simulator.calls.values()):
        await call.ended()
    rows = await world.platform.rows("SELECT COUNT(*) FROM calls_call WHERE announced_at IS NULL")
    assert rows == [(0,)]
    assert await tenant.live_calls() == []


@pytest.mark.timeout(120)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_door(outcomes, name):
    await outcomes[name]

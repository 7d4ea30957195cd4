"""Webhooks that are forged, repeated, late, shuffled or missing."""

from __future__ import annotations

from patter.carriers.twilio.signature import HEADER
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.world import new_sid
from tests.system.doors.scenario import scenario
from tests.system.line import post, ring, tell_status, voice_fields
from tests.system.steps import BYE, LISTEN
from tests.system.tenant import Tenant


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

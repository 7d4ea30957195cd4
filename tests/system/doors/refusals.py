"""Calls that nobody can answer: the caller is told, and the row says why."""

from __future__ import annotations

from patter.simulators.demo import AGENT
from tests.system.doors.scenario import scenario
from tests.system.steps import LISTEN
from tests.system.tenant import Tenant


@scenario
async def unknown_number(tenant: Tenant):
    number = "+12025559999"
    tenant.simulator.add_number(
        number, tenant.account_sid, tenant.webhook("voice"), status_callback=tenant.webhook("status")
    )
    call = await (await tenant.ring([LISTEN], to=number)).ended()
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
    call = await (await tenant.ring([LISTEN], to=number)).ended()
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
    call = await (await other.ring([LISTEN])).ended()
    await other.http.aclose()
    assert "not in service" in call.of_kind("carrier_said")[0].data["text"]
    rows = await tenant.platform.rows(
        f"SELECT status, error_code, end_reason FROM calls_call WHERE carrier_call_id = '{call.sid}'"
    )
    assert rows == [("failed", "organisation_inactive", "failed")]

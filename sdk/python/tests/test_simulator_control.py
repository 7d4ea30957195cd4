import asyncio
import signal
import sys

import httpx
import pytest

from patter.simulators.client import SimulatorClient
from patter.simulators.echo import EchoApp
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.twilio import TwilioSimulator

SID, TOKEN = "AC00000000000000000000000000000002", "another"
OUR, ADA = "+15550004444", "+15550002222"
SHORT = [{"say": "Hi", "patience_ms": 0}, {"hang_up_at_ms": 600}]


@pytest.fixture
async def http(sim):
    async with httpx.AsyncClient(base_url=sim.base_url, trust_env=False) as http:
        yield http


async def test_a_call_made_from_another_process(sim):
    async with EchoApp(TOKEN) as app, SimulatorClient(sim.base_url) as client:
        assert await client.is_ready()
        await client.add_account(SID, TOKEN)
        await client.add_number(OUR, SID, app.voice_url)
        sid = await client.dial_in(OUR, ADA, SHORT, profile="noise,jitter", faults={"garbage_text": True})
        kinds = [fact["kind"] async for fact in client.follow(sid)]
        result = await client.result(sid)
        assert (await client.audio(sid))[:4] == b"RIFF"
    assert "agent_started" in kinds
    assert [kind for kind in kinds if kind in ("said", "caller_hung_up", "ended")] == [
        "said",
        "caller_hung_up",
        "ended",
    ]
    assert (result["status"], result["cause"], result["over"]) == ("completed", "caller_hung_up", True)
    assert result["stats"]["media"] > 10


async def test_a_client_of_the_other_carrier_with_a_bill_and_a_refusal():
    telnyx, key, connection = TelnyxSimulator(), "KEY1", "149"
    async with (
        TwilioSimulator(beside={"telnyx": telnyx.routes}) as both,
        SimulatorClient(both.base_url, "telnyx") as client,
        httpx.AsyncClient(
            base_url=f"{both.base_url}/v2", headers={"Authorization": f"Bearer {key}"}, trust_env=False
        ) as http,
    ):
        assert (await client.add("accounts", api_key=key))["public_key"]
        await client.add("applications", connection_id=connection, api_key=key, webhook_url="http://[::1]:9")
        await client.add("numbers", number=OUR, api_key=key, connection_id=connection)
        sid = await client.dial_in(OUR, ADA, [{"listen": True}])
        await client.fail_next(door="command.answer", status=503)
        assert (await http.post(f"/calls/{sid}/actions/answer", json={})).status_code == 503
        assert (await http.post(f"/calls/{sid}/actions/answer", json={})).status_code == 200
        await telnyx.calls[sid].answered.wait()
        await client.hang_up(sid)
        with pytest.raises(ValueError, match="no such door"):
            await client.fail_next(door="cellar", status=503)
        await telnyx.calls[sid].ended(20)
        assert [leg["call_sid"] for leg in (await client.ledger())["legs"]] == [sid]
        await telnyx.hang_up_everything()


async def test_a_client_hears_why_not(sim):
    async with SimulatorClient(sim.base_url) as client:
        for refused in (client.dial_in(OUR, ADA), client.result("CA404"), client.audio("CA404")):
            with pytest.raises(ValueError):
                await refused
        with pytest.raises(ValueError):
            [fact async for fact in client.follow("CA404")]
    async with SimulatorClient("http://127.0.0.1:9") as client:
        assert not await client.is_ready()


async def test_hanging_up_and_setting_phones(http):
    async with EchoApp(TOKEN) as app:
        await http.post("/simulator/accounts", json={"account_sid": SID, "auth_token": TOKEN})
        asked = {
            "to": OUR,
            "from": ADA,
            "account_sid": SID,
            "voice_url": app.voice_url,
            "steps": [{"listen": True}],
        }
        sid = (await http.post("/simulator/calls", json=asked)).json()["call_sid"]
        assert (await http.get("/simulator/health")).json()["running_calls"] == 1
        assert (await http.post(f"/simulator/calls/{sid}/hang-up")).json()["status"] == "completed"
    phone = {"number": ADA, "behaviour": "busy", "steps": SHORT}
    assert (await http.post("/simulator/phones", json=phone)).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("calls", {}, 400),
        ("calls", [], 400),
        ("calls", {"to": OUR, "from": ADA}, 400),
        ("calls", {"to": "+15550001111", "from": ADA, "surprise": 1}, 400),
        ("calls", {"to": "+15550001111", "from": ADA, "voice_url": "http://x", "steps": [{"sing": 1}]}, 400),
        ("calls", {"to": "+15550001111", "from": ADA, "voice_url": "http://x", "profile": "fog"}, 400),
        ("numbers", {"number": OUR, "account_sid": "AC404"}, 400),
        ("phones", {"number": ADA, "behaviour": "sleepy"}, 400),
        ("calls/CA404/hang-up", {}, 404),
    ],
)
async def test_mistakes_are_explained(http, path, body, status):
    answer = await http.post(f"/simulator/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_port_that_is_taken():
    async with TwilioSimulator() as first:
        with pytest.raises(OSError):
            await TwilioSimulator(port=int(first.base_url.rpartition(":")[2])).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_as_a_process(number):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "patter.simulators",
        "--port",
        "0",
        "--voice",
        "tone",
        stdout=asyncio.subprocess.PIPE,
    )
    line = (await process.stdout.readline()).decode()
    assert line.startswith("simulated carriers ready on http://127.0.0.1:")
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(line.split()[-1] + "/simulator/health")).json()["ready"]
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), 10) == 0

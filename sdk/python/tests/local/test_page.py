"""The page of live calls: only under its secret address, and nothing on it is trusted."""

from __future__ import annotations

import httpx

from patter.simulators.script import HangUp, Listen, Say, Wait


async def test_the_page_shows_calls_under_its_address_only(world, pipeline, caplog):
    caplog.set_level("INFO", "patter")
    phone = world.phone()
    agent = pipeline(phone, first_message="Hello!")
    await world.serve(phone, agent, on_message=lambda msg: "Yes.")
    shown = next(text for text in caplog.messages if text.startswith("Live calls: ")).split(": ", 1)[1]
    assert shown.startswith(f"{world.base_url}/live/")
    call = await world.dial(Say("what are your hours"), Wait(1500), HangUp())
    await call.reached("said")
    async with httpx.AsyncClient() as client:
        page = await client.get(shown)
        assert page.status_code == 200 and "Live calls" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for name in ("live.js", "live.css"):
            assert (await client.get(f"{shown}{name}")).status_code == 200
        live = (await client.get(f"{shown}calls.json")).json()["calls"]
        assert [(one["status"], one["caller"]) for one in live] == [("connected", "+15550002222")]
        assert live[0]["turns"][0]["text"] == "Hello!"
        await call.ended()
        over = (await client.get(f"{shown}calls.json")).json()["calls"]
        assert over[0]["status"] == "ended" and over[0]["reason"] == "caller_hung_up"
        await world.dial(Listen(), caller="+15550003333")
        await (await world.dial(Listen(), caller="+15550004444")).reached("agent_started")
        both = (await client.get(f"{shown}calls.json")).json()["calls"]
        assert [one["caller"][-4:] for one in both] == ["4444", "3333", "2222"], "what runs, then what ended"
        for path in ("/live/", "/live/guess/", "/live/guess/calls.json", "/", "/calls.json"):
            assert (await client.get(f"{world.base_url}{path}")).status_code == 404
        assert (await client.get(f"{world.base_url}/health")).json() == {"status": "ok"}

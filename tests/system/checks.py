"""What is true of every demo call, whatever the shape of the platform that carried it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from patter.simulators.demo import STEPS
from patter.simulators.twilio.call import Call
from tests.system.prepared import PASSWORD
from tests.system.tenant import PATIENCE_S, Tenant

REPLIES = [
    "Restaurant Luna. How can I help?",
    "With pleasure. For which day?",
    "Tomorrow. At what time?",
    "At seven. For how many?",
    "A table for four. Press one to confirm.",
    "Your table is booked. What else can I do?",
    "Today we have tomato soup",
    "I am glad to hear that.",
    "Thank you for calling. Goodbye.",
]


def expected_of_caller() -> list[str]:
    """What the caller says and presses, as the transcript must have it."""
    said = []
    for step in STEPS:
        if text := step.get("say") or step.get("over"):
            said.append(text)
        elif digits := step.get("digits"):
            said.append(f"[DTMF: {digits}]")
    return said


async def check_transcript(tenant: Tenant, call_id: str) -> list[dict[str, Any]]:
    turns = await tenant.turns(call_id)
    assert [turn["text"] for turn in turns if turn["role"] == "user"] == expected_of_caller()
    said = [turn for turn in turns if turn["role"] == "assistant"]
    assert len(said) == len(REPLIES)
    assert all(turn["text"].startswith(reply) for turn, reply in zip(said, REPLIES, strict=True))
    cut = [turn for turn in said if turn["interrupted"]]
    assert len(cut) == 1
    assert cut[0]["full_text"].startswith(cut[0]["text"]) and len(cut[0]["text"]) < len(cut[0]["full_text"])
    answers = said[1:]
    # Nobody waits for ever. How quick an answer is, on a machine that does nothing else, the bench measures.
    assert all(0 <= turn["latency"]["total_ms"] < 20_000 for turn in answers), [t["latency"] for t in answers]
    return turns


async def check_end(tenant: Tenant, carrier_call: Call, call: dict[str, Any]) -> None:
    """The call is over on both sides, for the right reason, and everybody was told once."""
    assert carrier_call.cause == "application_hung_up"
    assert carrier_call.troubles == []
    assert (call["status"], call["outcome"], call["end_reason"]) == ("completed", "human", "agent_ended")
    told = Counter(await tenant.told(call["id"]))
    expected = {"call.started", "call.ringing", "call.answered", "call.ended", "call.transcript"}
    assert {kind: told[kind] for kind in expected} == dict.fromkeys(expected, 1)
    assert told["call.failed"] == 0
    assert await tenant.live_calls() == []


async def check_usage(tenant: Tenant, call_id: str) -> None:
    rows = await tenant.platform.rows(
        f"SELECT meter, quantity, provider FROM billing_usagerecord WHERE subject_id = '{call_id}'"
    )
    used = {meter: (float(quantity), provider) for meter, quantity, provider in rows}
    assert len(used) == len(rows)
    assert 25_000 < used["media_ms"][0] < 40_000 and used["media_ms"][1] == "twilio"
    assert used["stt_ms"][0] > 25_000 and used["stt_ms"][1] == "offline"
    assert used["tts_characters"][0] > 200 and used["tts_characters"][1] == "offline"


async def check_recording(tenant: Tenant, call_id: str, within_s: float = PATIENCE_S) -> None:
    """Joined after the call, and read in pieces."""
    deadline = time.monotonic() + within_s
    while (answer := await tenant.http.get(f"calls/{call_id}/recording")).status_code == 404:
        assert time.monotonic() < deadline, "the recording is not ready"
        await asyncio.sleep(0.2)
    assert answer.status_code == 200 and answer.headers["content-type"] == "audio/wav"
    assert answer.content[:4] == b"RIFF" and len(answer.content) > 25 * 16_000
    part = await tenant.http.get(f"calls/{call_id}/recording", headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206 and part.content == answer.content[1000:2000]
    beyond = await tenant.http.get(f"calls/{call_id}/recording", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    assert (await tenant.told(call_id)).count("recording.ready") == 1


@asynccontextmanager
async def signed_in(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """The owner, in a browser."""
    base = tenant.platform.base
    async with httpx.AsyncClient(
        base_url=base, trust_env=False, follow_redirects=True, timeout=20
    ) as browser:
        form = await browser.get("/sign-in/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert found
        given = {"csrfmiddlewaretoken": found[1], "email": tenant.email, "password": PASSWORD}
        answer = await browser.post("/sign-in/", data=given, headers={"Referer": base})
        assert answer.status_code == 200 and "sign-in" not in str(answer.url)
        yield browser


async def check_page(tenant: Tenant, call_id: str) -> None:
    async with signed_in(tenant) as browser:
        page = await browser.get(f"/o/{tenant.name}/calls/{call_id}/")
        assert page.status_code == 200
        assert "tomorrow evening please" in page.text

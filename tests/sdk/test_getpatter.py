"""The published getpatter 0.4.4, as it came from PyPI, in cloud mode against a running platform."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devtools import getpatter
from devtools.environment import base_python
from patter.simulators.script import parse_steps
from patter.simulators.twilio.world import Phone
from tests.sdk.shop import KEYS, Shop, shop
from tests.system.steps import HANG_UP

PROGRAM = Path(__file__).with_name("getpatter_program.py")
CALLEE = "+14155551234"
NUMBER = "+14155550000"
SAY = {"say": "anything at all"}


class OldProgram:
    """The program, and what it has said so far."""

    def __init__(self, shop: Shop) -> None:
        tenant = shop.tenant
        self._shop = shop
        own = {
            "PYTHONPATH": str(getpatter.folder()),
            "PATH": os.environ["PATH"],
            "KEY": shop.key,
            "SOCKETS": shop.sockets,
            "REST": shop.base,
            "ACCOUNT": tenant.account_sid,
            "TOKEN": tenant.auth_token,
            "NUMBER": NUMBER,
            "CALLEE": CALLEE,
            "DEEPGRAM": KEYS["deepgram"],
            "ELEVENLABS": KEYS["elevenlabs"],
        }
        self._log = shop.folder / "getpatter.said"
        self._errors = shop.folder / "getpatter.err"
        with self._log.open("wb") as out, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [base_python(), str(PROGRAM)],
                cwd=shop.folder,
                env=own,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=errors,
            )

    def said(self, kind: str) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [row for row in rows if row["kind"] == kind]

    async def says(self, kind: str, times: int = 1) -> dict[str, Any]:
        """Wait until it said this; the newest."""
        for _ in range(900):
            if len(self.said(kind)) >= times:
                return self.said(kind)[-1]
            assert self.process.poll() in (None, 0), self._errors.read_text()
            await asyncio.sleep(0.1)
        raise AssertionError(f"it never said {kind!r}: {self._log.read_text()} {self._errors.read_text()}")

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.close()


@pytest.mark.timeout(500)
async def test_an_old_program_works_unchanged(tmp_path):
    async with shop(tmp_path, ["what are your hours"]) as opened:
        simulator, tenant = opened.world.simulator, opened.tenant
        simulator.add_number(NUMBER, tenant.account_sid)
        simulator.add_phone(Phone(CALLEE, steps=tuple(parse_steps([SAY, HANG_UP]))))
        program = OldProgram(opened)
        try:
            await everything_it_does(program, opened)
        finally:
            program.kill()


async def everything_it_does(program: OldProgram, shop: Shop) -> None:
    assert (await program.says("version"))["version"] == "0.4.4"
    agents = await program.says("agents")
    assert agents["changed"]["system_prompt"] == "Be very brief."
    assert agents["made"]["id"] in [agent["id"] for agent in agents["listed"]]
    numbers = (await program.says("connected"))["numbers"]
    assert NUMBER in [number["number"] for number in numbers]

    start = await program.says("call_start")
    assert (start["direction"], start["caller"], start["callee"]) == ("outbound", NUMBER, CALLEE)
    assert (await program.says("message"))["text"] == "what are your hours"
    end = await program.says("call_end")
    assert [turn["role"] for turn in end["history"]] == ["assistant", "user", "assistant"]
    assert end["history"][0]["text"] == "Hi from the past."

    call = await shop.tenant.ring([SAY, HANG_UP], to=NUMBER)
    await call.ended()
    assert (await program.says("message", 2))["caller"] == "+12025550187"
    assert (await program.says("call_end", 2))["history"][-1]["text"] == "You said: what are your hours"

    program.go_on()
    calls = await program.says("calls")
    assert calls["first"]["transcript"][0]["role"] == "user"
    assigned = await program.says("assigned")
    assert assigned["number"]["agent_id"] == agents["made"]["id"]
    assert agents["made"]["id"] not in [agent["id"] for agent in assigned["left"]]
    assert await asyncio.to_thread(program.process.wait, 60) == 0

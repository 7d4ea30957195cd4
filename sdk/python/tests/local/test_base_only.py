"""With nothing installed but what the wheel needs: everything loads, and calls are carried, audio and all."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

import patter
from patter.simulators.openai.hearing import Scripted
from patter.simulators.script import HangUp, Say, Wait

SDK = Path(patter.__file__).parents[1]
ALLOWED = {
    "httpx", "websockets", "starlette", "uvicorn",
    # What these bring with them.
    "httpcore", "h11", "anyio", "sniffio", "idna", "certifi", "click", "typing_extensions", "uvloop",
    "httptools", "patter",
}  # fmt: skip
ONLY_BASE = f"""
import sys
from importlib.abc import MetaPathFinder

class OnlyBase(MetaPathFinder):
    def __init__(self, finders):
        self.finders = finders

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top in {ALLOWED} or top.startswith("_")
        found = (finder.find_spec(name, path, target) for finder in self.finders if known)
        return next((spec for spec in found if spec), None)

sys.meta_path[:] = [OnlyBase(sys.meta_path[:])]
"""
LOADS = """
import patter, patter.local, patter.serving, patter.local.app, patter.local.page, patter.rows
import patter.local.twilio_doors, patter.engines.stt.deepgram.link, patter.engines.llm.openai.link
import patter.engines.tts.elevenlabs.link, patter.engines.tts.openai.link, patter.cloud.phone
from patter import Agent, ConfigError
from patter.local.plan import toolbox_of
try:
    toolbox_of(Agent(tools=(print,)), {})
except ConfigError as error:
    print(error)
"""
FAKE_PHONE = """
import asyncio
from patter.testing import FakePhone

async def main():
    async with FakePhone(on_message=lambda msg: f"You said: {msg.text}") as call:
        print(await call.say("hello"))

asyncio.run(main())
"""
CLOUD = """
import asyncio
from patter import Patter

async def main():
    phone = Patter(api_key="pt_1", backend_url="{url}")
    await phone.connect(on_message=lambda msg: f"You said: {{msg.text}}")
    await asyncio.Event().wait()

asyncio.run(main())
"""
LOCAL = """
import asyncio
from patter import Patter

phone = Patter(
    mode="local", twilio_sid="AC00000000000000000000000000000001", twilio_token="0123456789abcdef",
    phone_number="+15550001111", webhook_url="{url}",
)
agent = phone.agent(
    first_message="Hello!",
    stt=Patter.whisper(api_key="{openai}"),
    tts=Patter.openai_tts(api_key="{openai}"),
)
asyncio.run(
    phone.serve(
        agent,
        port={port},
        recording=True,
        on_message=lambda msg: "We are open.",
        on_ready=lambda: print("ready", flush=True),
        on_call_end=lambda data: print([turn["text"] for turn in data["history"]], flush=True),
    )
)
"""


async def program(code: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ONLY_BASE + code,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SDK)},
    )


async def printed(code: str) -> str:
    started = await program(code)
    out, _ = await asyncio.wait_for(started.communicate(), 30)
    assert started.returncode == 0
    return out.decode()


async def line_of(started: asyncio.subprocess.Process) -> str:
    assert started.stdout is not None
    return (await asyncio.wait_for(started.stdout.readline(), 30)).decode().strip()


async def ended(started: asyncio.subprocess.Process) -> None:
    if started.returncode is None:
        started.terminate()
    await asyncio.wait_for(started.communicate(), 20)


async def test_everything_loads_and_tools_say_what_they_need():
    assert "sdk/python[tools]" in await printed(LOADS)


async def test_a_handler_is_tested_without_a_phone():
    assert await printed(FAKE_PHONE) == "You said: hello\n"


async def test_a_handler_answers_for_a_platform():
    replies: asyncio.Queue[str] = asyncio.Queue()

    async def platform(socket: ServerConnection) -> None:
        await socket.send(json.dumps({"type": "hello", "seq": 1, "connection_id": "con_1", "resumed": False}))
        asked = {"call_id": "call_1", "turn_id": "t1", "text": "hello", "history": []}
        await socket.send(json.dumps({"type": "message", "seq": 2, **asked}))
        async for text in socket:
            replies.put_nowait(json.loads(text).get("text", ""))

    async with serve(platform, "127.0.0.1", 0) as server:
        started = await program(CLOUD.format(url=f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        try:
            async with asyncio.timeout(30):
                while await replies.get() != "You said: hello":
                    continue
        finally:
            await ended(started)


async def test_a_call_is_carried_in_this_process(world, tmp_path):
    """OpenAI's ears and voice do not speak the telephone's format: both ways are resampled, in Python."""
    # Where the machine is slow, one sentence may be asked about in two pieces.
    world.model.hear = Scripted(["what are your hours", *[""] * 8])
    started = await program(LOCAL.format(url=world.base_url, port=world.port, openai=world.model.api_key))
    try:
        assert await line_of(started) == "ready"
        call = await world.dial(Say("what are your hours"), Wait(5000), HangUp())
        await call.ended(40)
        assert await line_of(started) == "['Hello!', 'what are your hours', 'We are open.']"
        assert call.trouble_codes == []
    finally:
        await ended(started)
    (recording,) = (tmp_path / "recordings").glob("call_*.wav")
    assert recording.stat().st_size > 2 * 8_000

"""The README's samples for local mode, run as printed: only keys, hosts and numbers are changed."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap

import pytest

from patter import Patter
from patter.options import CloudOptions
from patter.simulators.openai.script import tool, use_tools
from patter.simulators.script import HangUp, Listen, Say, Wait
from patter.simulators.twilio.world import Phone
from patter.testing.tool_server import answers, serving


def changed(world, code):
    """The sample with this world's keys, hosts and numbers."""
    real = {
        '"AC..."': '"AC00000000000000000000000000000001"',
        'twilio_token="..."': 'twilio_token="0123456789abcdef"',
        "sk-...": world.model.api_key,
        "+1...": "+15550001111",
        "xxx.ngrok-free.dev": world.base_url,
        "port=8000": f"port={world.port}",
    }
    for printed, value in real.items():
        code = code.replace(printed, value)
    return code


async def run(code, **names):
    """A sample that is the inside of a program, with these names around it. Gives what it assigned."""
    body = textwrap.indent(f"{code}\nreturn locals()", "    ")
    space = dict(names)
    exec(f"async def sample({', '.join(names)}):\n{body}", space)
    return await space["sample"](**names)


async def test_the_sample_of_variables(world, sample, pipeline):
    phone = world.phone()
    agent = (await run(sample("variables"), phone=phone))["agent"]
    agent = pipeline(
        phone,
        system_prompt=agent.system_prompt,
        first_message=agent.first_message,
        variables=agent.variables,
    )
    ends = []
    await world.serve(phone, agent, on_call_end=ends.append)
    await world.ring(Say("what are your hours"), Wait(2500), HangUp())
    await phone.disconnect()
    await world.close()
    assert ends[0]["history"][0]["text"] == "Hi Jane! How can I help you today?"
    prompt = world.model.questions[0].messages[0]["content"]
    assert prompt == "You are helping Jane, account #A-789."


async def test_the_sample_of_tools(world, sample):
    """In a call: its webhook fails, is called again under the same id, and the model tells the answer."""
    world.model.answer = use_tools(tool("check_availability", date="2025-06-15"), then="Free: {results}.")
    phone, ends = world.phone(), []
    async with serving(answers(503), answers(200, b'{"free": "nine"}')) as server:
        code = sample("tools").replace("https://api.example.com/availability", server.url)
        agent = (await run(code, phone=phone))["agent"]
        await world.serve(phone, agent, on_call_end=ends.append)
        await world.ring(Say("what are your hours"), Wait(5000), HangUp())
        await phone.disconnect()
        await world.close()
    assert len(server.requests) == 2 and len(server.effects) == 1
    body = server.requests[1].json
    assert (body["tool"], body["arguments"]) == ("check_availability", {"date": "2025-06-15"})
    assert ends[0]["history"][-1]["text"].startswith('Free: {"free"')


async def test_the_samples_of_recording_and_history(world, sample, pipeline, tmp_path, capsys):
    phone = world.phone()
    agent = pipeline(phone, first_message="Hello!")
    for name in ("recording", "history"):
        world.twilio.world.numbers["+15550001111"].voice_url = ""
        serving = asyncio.create_task(run(changed(world, sample(name)), phone=phone, agent=agent))
        await until_listening(world)
        await world.ring(Say("what are your hours"), Wait(2500), HangUp())
        await phone.disconnect()
        await serving
    assert len(list((tmp_path / "recordings").glob("call_*.wav"))) == 1
    printed = capsys.readouterr().out
    assert "[assistant] Hello!\n[user] what are your hours\n[assistant] You said: what are" in printed
    assert "Full history: [{'role': 'assistant', 'text': 'Hello!'}, {'role': 'user'" in printed


async def test_the_sample_of_voicemail(world, sample, pipeline):
    world.twilio.add_phone(Phone("+14155551234", steps=(Wait(3500), HangUp())))
    phone, ends = world.phone(), []
    await world.serve(phone, pipeline(phone), on_message=lambda msg: "Yes.", on_call_end=ends.append)
    await run(sample("voicemail"), phone=phone)
    [simulated] = world.twilio.calls.values()
    await simulated.ended()
    await phone.disconnect()
    await world.close()
    assert ends[0]["history"][0]["text"].startswith("Hi, this is an automated reminder")


def test_the_constructor():
    phone = Patter(api_key="pt_xxx")
    assert phone.mode == "cloud"
    assert phone._homes.options == CloudOptions(
        "pt_xxx", "wss://api.getpatter.com", "https://api.getpatter.com"
    )


async def test_the_sample_of_self_hosting(sample):
    phone = (await run(sample("self-hosting"), Patter=Patter))["phone"]
    assert phone._homes.options == CloudOptions("pt_xxx", "ws://localhost:8000", "http://localhost:8000")


@pytest.mark.timeout(90)
async def test_the_sample_of_local_mode(world, sample):
    """In a process of its own, until Ctrl-C."""
    script = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", changed(world, sample("local")), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert await asyncio.wait_for(script.stdout.readline(), 30) == b"Listening for calls...\n"
        await until_listening(world)
        call = await world.dial(Listen())
        await call.reached("agent_stopped", timeout_s=20)
        script.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(script.wait(), 20) == 0
        await call.ended()
    finally:
        if script.returncode is None:
            script.kill()
            await script.wait()


async def until_listening(world):
    """The number is sent to the process last of all that it does before calls can come."""
    number = world.twilio.world.numbers["+15550001111"]
    async with asyncio.timeout(30):
        while True:
            if number.voice_url:
                return
            await asyncio.sleep(0.02)

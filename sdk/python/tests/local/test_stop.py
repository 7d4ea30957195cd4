"""Serving ends in order: every call ends once, and a second start finds everything free."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from patter import ConfigError
from patter.local.signals import stopped_by_signals
from patter.simulators.script import Listen
from patter.simulators.twilio.world import Phone

CALLEE = "+14155551234"


async def test_stopping_in_mid_call_ends_every_call_once(world, pipeline):
    phone, ends = world.phone(), []
    agent = pipeline(phone, first_message="Hello!")
    serving = await world.serve(phone, agent, on_message=lambda msg: "Yes.", on_call_end=ends.append)
    world.twilio.add_phone(Phone(CALLEE, answer_after_s=30))
    inbound = [await world.dial(Listen()) for _ in range(2)]
    for call in inbound:
        await call.reached("agent_stopped")
    rings = await phone.call(CALLEE)
    await phone.disconnect()
    await asyncio.wait_for(serving, 20)
    for call in world.twilio.calls.values():
        await call.ended()
    assert sorted(end["reason"] for end in ends) == ["worker_lost"] * 3
    assert rings.reason == "worker_lost"
    heard = [[turn["text"] for turn in end["history"]] for end in ends if end["direction"] == "inbound"]
    assert heard == [["Hello!", "Goodbye."]] * 2
    with pytest.raises(ConfigError, match="needs serve"):
        await phone.call(CALLEE)


async def test_a_goodbye_that_takes_too_long_does_not_hold_up_the_end(world, pipeline):
    phone, ends = world.phone(), []
    agent = pipeline(phone, first_message="Hello!", phrases={"goodbye": "and on " * 100})
    serving = await world.serve(phone, agent, on_message=lambda msg: None, on_call_end=ends.append)
    call = await world.dial(Listen())
    await call.reached("agent_stopped")
    began = asyncio.get_running_loop().time()
    await phone.disconnect()
    await serving
    assert 4 < asyncio.get_running_loop().time() - began < 9
    assert ends[0]["reason"] == "worker_lost"
    assert 0 < len(ends[0]["history"][1]["text"]) < 400, "what was heard of it"


async def test_cancelling_serve_ends_its_calls(world, pipeline):
    phone, ends = world.phone(), []
    serving = await world.serve(
        phone, pipeline(phone, first_message="Hello!"), on_message=lambda msg: None, on_call_end=ends.append
    )
    call = await world.dial(Listen())
    await call.reached("agent_started")
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    await call.ended()
    assert [end["reason"] for end in ends] == ["worker_lost"]


async def test_serving_twice_is_refused_and_serving_again_is_not(world, pipeline):
    phone = world.phone()
    agent = pipeline(phone)
    serving = await world.serve(phone, agent, on_message=lambda msg: None)
    with pytest.raises(ConfigError, match="runs already"):
        await phone.serve(agent, port=world.port)
    with pytest.raises(OSError):
        await world.phone().serve(agent, port=world.port)
    await phone.disconnect()
    await serving
    await world.serve(phone, agent, on_message=lambda msg: None)
    await phone.disconnect()
    await phone.disconnect()


async def test_a_handler_that_fails_when_ready_is_only_logged(world, pipeline, caplog):
    phone, tried = world.phone(), asyncio.Event()

    async def on_ready():
        tried.set()
        raise RuntimeError("not my day")

    serving = asyncio.create_task(
        phone.serve(pipeline(phone), port=world.port, on_message=lambda msg: None, on_ready=on_ready)
    )
    await asyncio.wait_for(tried.wait(), 20)
    await phone.disconnect()
    await serving
    assert "on_ready failed" in [record.getMessage() for record in caplog.records]


async def test_a_signal_asks_for_the_end_once_and_leaves_everything_as_it_was():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 5)
        assert signal.getsignal(signal.SIGTERM) == before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


SCRIPT = """
import asyncio
from patter import Patter

async def main():
    phone = Patter(mode="local", twilio_sid="AC1", twilio_token="t", webhook_url="http://127.0.0.1:1",
                   deepgram_key="d", elevenlabs_key="e")
    agent = phone.agent(mode="pipeline")
    await phone.serve(agent, port=0, on_message=lambda msg: "Hi", on_ready=lambda: print("ready", flush=True))
    print("ended in order", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_script_ends_in_order_at_a_signal(unset, number):
    script = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert await asyncio.wait_for(script.stdout.readline(), 30) == b"ready\n"
    script.send_signal(number)
    rest, errors = await asyncio.wait_for(script.communicate(), 30)
    assert (rest, script.returncode) == (b"ended in order\n", 0), errors

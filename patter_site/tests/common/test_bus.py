import asyncio
import threading

import pytest
from channels.layers import get_channel_layer

from patter_site.common import bus


@pytest.fixture
async def channel():
    bus.bind_loop()
    layer = get_channel_layer()
    name = await layer.new_channel()
    await layer.group_add("watchers", name)
    yield name
    await layer.group_discard("watchers", name)
    bus.unbind_loop()


async def received(channel: str) -> dict:
    return await asyncio.wait_for(get_channel_layer().receive(channel), timeout=20)


async def test_a_thread_reaches_an_idle_loop_at_once(channel):
    waiting = asyncio.create_task(received(channel))
    await asyncio.sleep(0)
    threading.Timer(0.05, bus.publish, ("watchers", {"type": "call.moved", "n": 1})).start()
    assert await waiting == {"type": "call.moved", "n": 1}  # nothing else would have woken the loop


async def test_a_coroutine_publishes_without_waiting(channel):
    bus.publish("watchers", {"type": "call.moved"})
    assert (await received(channel))["type"] == "call.moved"
    await bus.apublish("watchers", {"type": "call.ended"})
    assert (await received(channel))["type"] == "call.ended"


async def test_one_channel_can_be_answered(channel):
    threading.Thread(target=bus.send, args=(channel, {"type": "call.reply"})).start()
    assert (await received(channel))["type"] == "call.reply"


def test_without_a_server_a_message_to_nobody_is_dropped():
    bus.unbind_loop()
    bus.publish("watchers", {"type": "call.moved"})

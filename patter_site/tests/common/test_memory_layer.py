"""The embedded channel layer: nobody sees what another does to a message, as over Redis, and none is lost."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from channels.exceptions import ChannelFull

from patter_site.common.memory_layer import MemoryLayer


async def joined(layer: MemoryLayer, group: str) -> str:
    channel: str = await layer.new_channel()
    await layer.group_add(group, channel)
    return channel


async def test_everybody_in_the_group_gets_a_message_of_their_own() -> None:
    layer = MemoryLayer()
    here, there = await joined(layer, "calls"), await joined(layer, "calls")
    said: dict[str, Any] = {"type": "told", "history": [{"text": "hello"}]}
    await layer.group_send("calls", said)
    said["history"].clear()
    heard = await layer.receive(here)
    heard["history"][0]["text"] = "changed"
    assert await layer.receive(there) == {"type": "told", "history": [{"text": "hello"}]}


async def test_a_full_channel_refuses_and_harms_no_other_of_its_group() -> None:
    layer = MemoryLayer(capacity=1)
    full, other = await joined(layer, "calls"), await joined(layer, "calls")
    await layer.send(full, {"type": "first"})
    with pytest.raises(ChannelFull):
        await layer.send(full, {"type": "second"})
    await layer.group_send("calls", {"type": "third"})
    assert [(await layer.receive(each))["type"] for each in (full, other)] == ["first", "third"]


async def test_what_nobody_fetched_expires_and_its_channel_leaves_the_group() -> None:
    layer = MemoryLayer(expiry=60)
    with time_machine.travel(0, tick=False) as clock:
        channel = await joined(layer, "calls")
        await layer.send(channel, {"type": "old"})
        clock.shift(61)
        await layer.group_send("calls", {"type": "new"})
    assert layer.groups["calls"] == {} and channel not in layer.channels


@pytest.mark.parametrize("message", ["text", {"type": "told", "what": object()}])
async def test_what_could_not_go_over_redis_is_refused(message: Any) -> None:
    layer = MemoryLayer()
    with pytest.raises(TypeError):
        await layer.send(await layer.new_channel(), message)

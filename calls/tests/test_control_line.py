"""What is asked of a live call: over the channel layer, and from the rows where that is away."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from calls.adapters.replies import ReplyRelay
from calls.control_line import ControlLine
from calls.models import Call
from calls.selectors import hang_up_wishes
from calls.services.advance import Happening, note_event
from calls.services.control import group_of
from calls.tests.cast import make_call
from patter.bridge.events import Event, HangUpAsked, SayAsked
from patter.engines.convai.ask_line import AskLine
from patter_site.common.bus import bind_loop, unbind_loop
from patter_site.testing import make_cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


class Heard:
    """A call's line, and what came over it."""

    def __init__(self, call: Call) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.line = ControlLine(call.pk, self.events.put_nowait, ReplyRelay(AskLine()))

    async def __aenter__(self) -> Heard:
        bind_loop()
        self._task = asyncio.create_task(self.line.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        unbind_loop()

    async def next(self) -> Event:
        return await asyncio.wait_for(self.events.get(), 20)


@pytest.fixture
async def call() -> Call:
    cast = await sync_to_async(make_cast)()
    return await sync_to_async(make_call)(cast.organisation, status="in_progress")


async def test_what_is_asked_is_heard(call):
    async with Heard(call) as heard:
        layer = get_channel_layer()
        await sync_to_async(note_event)(call, Happening("call.hang_up_asked", {}))
        assert await heard.next() == HangUpAsked("api_hung_up"), "from here on it listens"
        await layer.group_send(group_of(call.pk), {"type": "call.say", "text": "Hello."})
        assert await heard.next() == SayAsked("Hello.")


async def test_a_hang_up_is_heard_though_the_layer_is_away(call, settings):
    nobody = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}
    settings.CHANNEL_LAYERS = {"default": {**nobody, "CONFIG": {"hosts": ["redis://127.0.0.1:9/0"]}}}
    await sync_to_async(note_event)(call, Happening("call.hang_up_asked", {"reason": "balance"}))
    async with Heard(call) as heard:
        assert await heard.next() == HangUpAsked("balance")


async def test_the_first_who_asks_says_why(call):
    for reason in ("balance", "api_hung_up"):
        await sync_to_async(note_event)(call, Happening("call.hang_up_asked", {"reason": reason}))
    assert await sync_to_async(hang_up_wishes)([call.pk, "call_other"]) == {call.pk: "balance"}

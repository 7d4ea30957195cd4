"""``disconnect()`` where a short script calls it, in a handler or a callback, and while others still run."""

from __future__ import annotations

import asyncio

from patter import IncomingMessage, Patter
from patter.cloud import calls as cloud_calls

from .server import KEY, platform


async def test_a_callback_may_disconnect():
    async with platform() as served:
        phone, done = Patter(KEY, backend_url=served.url), asyncio.Event()

        async def on_call_end(data):
            await phone.disconnect()
            done.set()

        await phone.connect(lambda message: None, on_call_end=on_call_end)
        await served.say("call_end", call_id="call_1", history=[])
        await asyncio.wait_for(done.wait(), 10)
        await phone.wait_closed()
        await asyncio.wait_for(served.sockets[0].wait_closed(), 10)


async def test_a_handler_may_disconnect_and_others_are_cancelled():
    async with platform() as served:
        phone, cancelled, done = Patter(KEY, backend_url=served.url), asyncio.Event(), asyncio.Event()

        async def on_message(message: IncomingMessage) -> None:
            if message.text == "wait":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.set()
                    raise
            await phone.disconnect()
            assert cancelled.is_set()
            done.set()

        await phone.connect(on_message)
        await served.ask("t1", "wait", call_id="call_1")
        await served.ask("t2", "enough", call_id="call_2")
        await asyncio.wait_for(done.wait(), 10)
        await phone.wait_closed()
        assert served.sockets[0].close_code == 1000


async def test_callbacks_that_hang_hold_it_up_once_and_not_one_after_the_other(monkeypatch):
    monkeypatch.setattr(cloud_calls, "CALLBACKS_WITHIN_S", 0.2)
    loop, begun = asyncio.get_running_loop(), asyncio.Semaphore(0)

    async def on_call_start(data):
        begun.release()
        await asyncio.Event().wait()

    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(lambda message: None, on_call_start=on_call_start)
        for count in range(30):
            await served.say("call_start", call_id=f"call_{count}", history=[])
        for _ in range(30):
            await asyncio.wait_for(begun.acquire(), 10)
        before = loop.time()
        await phone.disconnect()
        assert loop.time() - before < 3

"""``disconnect()`` where a short script calls it: in the handler, or once its call is over."""

from __future__ import annotations

import asyncio

from patter import IncomingMessage, Patter

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

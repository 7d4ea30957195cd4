"""One ``Patter`` used in ways that are not the README's: twice at once, in several loops, half connected."""

from __future__ import annotations

import asyncio
import socket

import pytest
from starlette.responses import JSONResponse

from patter import ApiError, Call, ConfigError, ConnectError, IncomingMessage, Patter
from patter.cloud import calls as cloud_calls
from patter.cloud import phone as cloud_phone

from .api import KEY, Api, refused
from .server import platform

CALL = {"id": "call_1", "from": "+15550002222", "to": "+14155551234", "status": "queued"}


@pytest.fixture
def free_ports() -> list[int]:
    """Two that nobody listens on."""
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in bound]
    for each in bound:
        each.close()
    return ports


async def echo(message: IncomingMessage) -> str:
    return f"You said: {message.text}"


async def test_connecting_twice_at_the_same_moment_connects_once():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        told = await asyncio.gather(phone.connect(echo), phone.connect(echo), return_exceptions=True)
        assert told[0] is None and isinstance(told[1], ConfigError)
        assert len(served.sockets) == 1
        await phone.disconnect()


async def test_a_disconnect_while_connecting_leaves_no_connection():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        connecting = asyncio.create_task(phone.connect(echo))
        await served.connections(1)
        await phone.disconnect()
        with pytest.raises(ConnectError, match="before connect"):
            await connecting
        await served.sockets[0].wait_closed()


async def test_who_connects_while_the_connection_before_ends_is_connected(monkeypatch):
    monkeypatch.setattr(cloud_calls, "CALLBACKS_WITHIN_S", 0.2)
    async with platform() as served:
        phone, told = Patter(KEY, backend_url=served.url), asyncio.Event()

        async def on_call_end(data):
            told.set()
            await asyncio.Event().wait()

        await phone.connect(echo, on_call_end=on_call_end)
        await served.say("call_end", call_id="call_1", history=[])
        await told.wait()
        ending = asyncio.create_task(phone.disconnect())
        for _ in range(5):  # until it waits for the callback
            await asyncio.sleep(0)
        await phone.connect(echo)
        await ending
        await served.ask("t1")
        assert (await served.hears("response"))["text"] == "You said: hello"
        await phone.disconnect()


def test_one_patter_serves_several_runs_of_asyncio(free_ports):
    sockets, rest = free_ports
    phone = Patter(KEY, f"ws://127.0.0.1:{sockets}", f"http://127.0.0.1:{rest}")

    async def run(last: bool) -> None:
        async with platform(port=sockets) as served, Api(JSONResponse({"results": []}), port=rest):
            assert await phone.rest.agents.list() == []
            await phone.connect(echo, keep_alive=False)
            await served.ask("t1")
            assert (await served.hears("response"))["text"] == "You said: hello"
            if last:
                await phone.disconnect()

    for last in (False, True):
        asyncio.run(run(last))


async def test_in_two_threads_at_once_it_says_that_it_cannot():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo)
        with pytest.raises(ConfigError, match="in another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(phone.connect(echo)))
        await phone.disconnect()


async def test_a_call_can_be_acted_upon_without_a_connection():
    answers = [JSONResponse(CALL, 201), *(JSONResponse({"accepted": True}, 202) for _ in range(4))]
    async with Api(*answers) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        call = await phone.call("+14155551234", "Hi")
        await call.say("One moment.")
        await call.send_digits("12#")
        await call.transfer("sales")
        await call.hang_up()
        await phone.disconnect()
    asked = [(request.url.path.removeprefix("/api/v1/calls/"), body) for request, body in told(api)[1:]]
    assert asked == [
        ("call_1/say", {"text": "One moment."}),
        ("call_1/digits", {"digits": "12#"}),
        ("call_1/transfer", {"target": "sales"}),
        ("call_1/hang-up", {}),
    ]


def told(api: Api) -> list:
    return list(zip(api.asked, api.bodies, strict=True))


async def test_a_call_that_was_placed_before_connecting_is_acted_upon_over_the_connection():
    async with platform() as served, Api(JSONResponse(CALL, 201)) as api:
        phone = Patter(KEY, served.url, api.base_url)
        call = await phone.call("+14155551234")
        await phone.connect(echo)
        hanging_up = asyncio.create_task(call.hang_up())
        asked = await served.hears("hang_up")
        await served.say("ack", ref=asked["ref"], call_id="call_1")
        await asyncio.wait_for(hanging_up, 5)
        await phone.disconnect()


async def test_whoever_waits_for_a_command_is_told_that_the_connection_ended():
    async with platform() as served:
        told: asyncio.Queue[Exception] = asyncio.Queue()

        async def says(message: IncomingMessage, call: Call) -> None:
            saying = asyncio.create_task(call.say("never answered"))
            saying.add_done_callback(lambda done: told.put_nowait(done.exception()))

        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(says)
        await served.ask("t1")
        await served.hears("say")
        await phone.disconnect()
        assert "before the platform answered" in str(await asyncio.wait_for(told.get(), 10))


async def test_a_call_that_cannot_be_looked_up_any_more_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(cloud_phone, "LOOK_EVERY_ALONE_S", 0.01)
    async with Api(JSONResponse(CALL, 201), refused(404, "not_found", "There is no such call.")) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        with pytest.raises(ApiError, match="no such call"):
            await phone.call("+14155551234", wait=True)
        await phone.disconnect()

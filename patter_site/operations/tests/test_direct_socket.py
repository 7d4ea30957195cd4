"""Messages by a call: the same ones, in the same order, with the same end as by uvicorn's queue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from patter.carriers.direct import DIRECT, deliver, writer
from patter.engines.sockets import text_frame
from patter_site.operations.direct_socket import DirectSocket

PATIENCE_S = 20
CLOSE = b"\x88\x80\0\0\0\0"


class Application:
    """Keeps what it is told, once ``begin`` is set. ``direct``: it asks for the extension."""

    def __init__(self, *, direct: bool) -> None:
        self.direct = direct
        self.begin = asyncio.Event()
        self.heard: list[str | bytes] = []
        self.ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def __call__(self, scope, receive, send) -> None:
        assert DIRECT in scope["extensions"]
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        await self.begin.wait()
        try:
            closed = await deliver(scope if self.direct else {}, receive, self.take)
        except ValueError as error:
            self.ended.set_result(error)
            await send({"type": "websocket.close", "code": 1011})
        else:
            self.ended.set_result(closed["code"])

    def take(self, message) -> None:
        if message.get("text") == "boom":
            raise ValueError("boom")
        self.heard.append(message["text"] if message.get("text") is not None else message["bytes"])


@contextlib.asynccontextmanager
async def serving(app: Application) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=0, ws=DirectSocket, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_S):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
            await asyncio.sleep(0.01)
    yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await asyncio.wait_for(task, PATIENCE_S)


@pytest.fixture(params=[True, False], ids=["direct", "queue"])
async def app(request) -> Application:
    return Application(direct=request.param)


async def ended(app: Application) -> object:
    return await asyncio.wait_for(app.ended, PATIENCE_S)


async def test_everything_comes_in_order_from_before_and_after(app):
    async with serving(app) as address, connect(address) as socket:
        await socket.send("early")
        await socket.send(b"bytes")
        app.begin.set()
        for number in range(200):
            await socket.send(str(number))
        await socket.send(["in ", "three ", "pieces"])
        await socket.send(b"\x00")
        await socket.close(4000)
        assert await ended(app) in (1005, 4000)
    assert app.heard == ["early", b"bytes", *map(str, range(200)), "in three pieces", b"\x00"]


async def test_a_function_that_raises_ends_the_socket_alone(app):
    async with serving(app) as address, connect(address) as socket:
        app.begin.set()
        for text in ("one", "boom", "two"):
            await socket.send(text)
        assert str(await ended(app)) == "boom"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 1011
    assert app.heard == ["one"]


async def test_the_server_s_own_end_is_told(app):
    async with serving(app) as address:
        socket = await connect(address)
        app.begin.set()
        await socket.send("one")
        async with asyncio.timeout(PATIENCE_S):
            while not app.heard:  # noqa: ASYNC110 - the list is the application's
                await asyncio.sleep(0.01)
    assert await ended(app) == 1012
    await socket.close()


async def test_a_peer_that_vanishes_is_told(app):
    async with serving(app) as address:
        socket = await connect(address)
        app.begin.set()
        socket.transport.abort()
        assert await ended(app) == 1005


async def test_text_that_is_none_is_refused(app):
    async with serving(app) as address, connect(address) as socket:
        app.begin.set()
        await socket.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        await ended(app)
    assert closed.value.rcvd.code == 1007
    assert app.heard == []


async def test_long_texts_and_pings_come_between_short_ones(app):
    long = "x" * 100_000
    async with serving(app) as address, connect(address) as socket:
        app.begin.set()
        await socket.send("before")
        async with asyncio.timeout(PATIENCE_S):
            await (await socket.ping())
        await socket.send(long)
        await socket.send("after")
        await socket.close()
        await ended(app)
    assert app.heard == ["before", long, "after"]


@contextlib.asynccontextmanager
async def raw(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client that writes bytes as it likes, after the handshake."""
    host, port = address.removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["GET / HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
    writer.write("\r\n".join(lines).encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    yield reader, writer
    writer.close()


async def test_frames_may_be_cut_anywhere(app):
    texts = ["one", "two" * 100, "", "three"]
    stream = b"".join(map(text_frame, texts))
    async with serving(app) as address, raw(address) as (_, socket):
        app.begin.set()
        for at in range(len(stream)):
            socket.write(stream[at : at + 1])
            if at % 7 == 0:
                await asyncio.sleep(0)
        socket.write(text_frame("four") + text_frame("five") + CLOSE + text_frame("too late"))
        await ended(app)
    assert app.heard == [*texts, "four", "five"]


@pytest.mark.parametrize("frame", [b"\x81\x03one", b"\xc1\x80\0\0\0\0", b"\x80\x80\0\0\0\0"])
async def test_frames_that_may_not_be_end_the_socket(app, frame):
    """Without a mask, with a bit that no extension asked for, a continuation of nothing."""
    async with serving(app) as address, raw(address) as (reader, socket):
        app.begin.set()
        socket.write(text_frame("fine") + frame)
        said = await asyncio.wait_for(reader.read(), PATIENCE_S)
        assert said[:1] == b"\x88" and said[2:4] == (1002).to_bytes(2, "big")
        await ended(app)
    assert app.heard == ["fine"]


class Echo(Application):
    """Says everything back, at once."""

    async def __call__(self, scope, receive, send) -> None:
        self.write = writer(scope)
        await super().__call__(scope, receive, send)

    def take(self, message) -> None:
        super().take(message)
        assert self.write([message["text"], "and more"])


async def test_what_is_written_directly_arrives_and_after_the_end_it_is_refused():
    echo = Echo(direct=True)
    texts = ["", "short", "ä" * 100, "long " * 20_000]
    async with serving(echo) as address, connect(address) as socket:
        echo.begin.set()
        for text in texts:
            await socket.send(text)
            assert await asyncio.wait_for(socket.recv(), PATIENCE_S) == text
            assert await asyncio.wait_for(socket.recv(), PATIENCE_S) == "and more"
        await socket.close()
        await ended(echo)
    assert not echo.write(["nobody hears this"])


def test_without_the_extension_writing_directly_is_refused():
    assert not writer({})(["text"])

"""HTTP as the platform speaks it to providers: in pieces, over kept connections, and every way it breaks."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from patter.engines.quick_http import QuickTransport

pytestmark = pytest.mark.extra  # httptools comes with the platform's server, not with the SDK

PATIENCE_S = 20
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Counts connections and keeps requests; ``script`` answers each of them."""

    def __init__(self, script: Script) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._script = script
        self.gone = asyncio.Event()
        self._serving: list[asyncio.Task[None]] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def close(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(size))
                await self._script(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def serving(script: Script) -> AsyncIterator[tuple[Server, httpx.AsyncClient]]:
    server = Server(script)
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    transport = QuickTransport(keep=2, keep_s=30)
    async with (
        asyncio.timeout(PATIENCE_S),
        httpx.AsyncClient(base_url=address, transport=transport) as client,
    ):
        yield server, client
    listener.close()
    await server.close()


def answering(*pieces: bytes, then_close: bool = False) -> Script:
    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then_close:
            writer.close()

    return script


async def test_one_connection_carries_one_request_after_the_other():
    async with serving(answering(PLAIN)) as (server, client):
        for number in range(3):
            answer = await client.post("/v1/say?x=1", json={"n": number}, headers={"X-Key": "k"})
            assert (answer.status_code, answer.text, answer.reason_phrase) == (200, "ok", "OK")
    assert server.connections == 1
    assert server.requests[2].startswith(b"POST /v1/say?x=1 HTTP/1.1\r\n")
    assert b"X-Key: k" in server.requests[2] and server.requests[2].endswith(b'{"n":2}')


async def test_two_at_once_are_two_connections_and_both_are_kept():
    async with serving(answering(PLAIN)) as (server, client):
        for _ in range(2):
            await asyncio.gather(client.post("/", content=b"a"), client.post("/", content=b"b"))
    assert server.connections == 2


async def test_an_answer_in_pieces_comes_as_it_is_sent():
    more = asyncio.Event()

    async def script(_reader, writer):
        writer.write(CHUNKED + b"5\r\nfirst\r\n")
        await more.wait()
        writer.write(b"6\r\nsecond\r\n0\r\n\r\n")

    async with serving(script) as (server, client):
        async with client.stream("POST", "/", content=b"x") as answer:
            pieces = answer.aiter_bytes()
            assert await anext(pieces) == b"first"
            more.set()
            assert await anext(pieces) == b"second"
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)
        await client.post("/", content=b"y")
    assert server.connections == 1


async def test_an_interim_answer_is_not_the_answer():
    async with serving(answering(b"HTTP/1.1 100 Continue\r\n\r\n", PLAIN)) as (_, client):
        assert (await client.post("/", content=b"x")).text == "ok"


async def test_an_answer_without_a_length_ends_with_its_connection():
    async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\nall of it", then_close=True)) as (server, client):
        assert (await client.post("/", content=b"x")).text == "all of it"
        assert (await client.post("/", content=b"x")).text == "all of it"
    assert server.connections == 2


async def test_a_long_answer_that_is_read_slowly_is_whole():
    body = bytes(range(256)) * 8000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with serving(answering(head, body)) as (_, client):
        async with client.stream("POST", "/", content=b"x") as answer:
            await asyncio.sleep(0.05)
            got = b"".join([piece async for piece in answer.aiter_bytes()])
    assert got == body


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (answering(then_close=True), httpx.RemoteProtocolError),
        (answering(CHUNKED + b"5\r\nfirst\r\n", then_close=True), httpx.RemoteProtocolError),
        (
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", then_close=True),
            httpx.RemoteProtocolError,
        ),
        (answering(b"220 smtp.example ready\r\n"), httpx.RemoteProtocolError),
    ],
    ids=["no word", "cut in pieces", "cut", "not HTTP"],
)
async def test_an_answer_that_breaks_is_an_error_of_httpx(script, error):
    async with serving(script) as (_, client):
        with pytest.raises(error):
            await client.post("/", content=b"x")


async def test_who_leaves_in_the_middle_closes_the_connection():
    async with serving(answering(CHUNKED + b"5\r\nfirst\r\n")) as (server, client):
        async with client.stream("POST", "/", content=b"x") as answer:
            assert await anext(answer.aiter_bytes()) == b"first"
        await server.gone.wait()


async def test_who_is_cancelled_while_waiting_closes_the_connection():
    async with serving(answering()) as (server, client):
        asked = asyncio.create_task(client.post("/", content=b"x"))
        async with asyncio.timeout(PATIENCE_S):
            while not server.requests:  # noqa: ASYNC110 - the list is the server's
                await asyncio.sleep(0.001)
        asked.cancel()
        await server.gone.wait()


async def test_nobody_listens_or_the_address_is_none():
    listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    async with httpx.AsyncClient(transport=QuickTransport(keep=1, keep_s=1)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.post(f"http://127.0.0.1:{port}/", content=b"x")
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.post("ftp://127.0.0.1/", content=b"x")


async def test_https_is_spoken_to_whom_the_certificate_names_and_to_nobody_else(certificate):
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    server = Server(answering(PLAIN))
    listener = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=own)
    address = f"https://localhost:{listener.sockets[0].getsockname()[1]}/"
    trust = ssl.create_default_context(cafile=str(certificate))
    async with httpx.AsyncClient(transport=QuickTransport(keep=1, keep_s=30, trust=trust)) as client:
        assert (await client.post(address, content=b"x")).text == "ok"
    async with httpx.AsyncClient(transport=QuickTransport(keep=1, keep_s=30, trust=trust)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.post(address, content=b"x", extensions={"sni_hostname": "else.example"})
    async with httpx.AsyncClient(transport=QuickTransport(keep=1, keep_s=30)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.post(address, content=b"x")
    listener.close()
    await server.close()

"""Sockets that are refused, lost, replaced and drained."""

from __future__ import annotations

import asyncio
import logging
import ssl

import pytest
from websockets.asyncio.server import serve

from patter import AuthError, ConfigError, ConnectError, IncomingMessage, Patter
from patter.cloud import socket as client

from .server import KEY, Platform, platform


async def echo(message: IncomingMessage) -> str:
    return f"You said: {message.text}"


async def test_a_bad_key_is_said_by_connect():
    async with platform() as served:
        with pytest.raises(AuthError, match="This API key is not valid"):
            await Patter("pt_wrong", backend_url=served.url).connect(echo)


async def test_no_log_shows_the_key(caplog):
    caplog.set_level("DEBUG")
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo)
        await phone.disconnect()
    ours = [record for record in caplog.records if not record.name.startswith("websockets.server")]
    assert caplog.records and KEY not in "".join(record.getMessage() for record in ours)


async def test_a_wrong_address_is_said_by_connect():
    async with platform() as served:
        gone = served.url
    with pytest.raises(ConnectError, match="Check backend_url"):
        await Patter(KEY, backend_url=gone).connect(echo)


async def test_a_server_from_before_is_said_by_connect(monkeypatch):
    monkeypatch.setattr(client, "HELLO_WITHIN_S", 0.2)
    async with platform(greets=False) as served:
        with pytest.raises(ConnectError, match="older than this SDK"):
            await Patter(KEY, backend_url=served.url).connect(echo)


async def test_what_it_answers_for_is_in_the_address():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url.replace("ws", "http"))
        await phone.connect(echo, number="+1 415 555 0000", agent_id="agt_1")
        assert served.paths == ["/ws/sdk?number=%2B14155550000&agent=agt_1"]
        with pytest.raises(ConfigError, match="connected already"):
            await phone.connect(echo)
        await phone.disconnect()
        await phone.wait_closed()


async def test_a_lost_socket_is_resumed_and_an_answer_that_was_lost_is_sent_again():
    runs = []

    async def on_message(message: IncomingMessage) -> str:
        runs.append(message.turn_id)
        return "once"

    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(on_message)
        await served.ask("t1")
        await served.hears("response")
        await served.drop()
        assert await served.hears("resume") == {"type": "resume", "connection_id": "con_0", "last_seq": 2}
        await served.ask("t1")  # it never heard the answer
        assert (await served.hears("response"))["text"] == "once"
        await served.ask("t2")
        assert (await served.hears("response"))["turn_id"] == "t2"
        assert runs == ["t1", "t2"]
        await phone.disconnect()


async def test_a_handler_that_runs_while_the_socket_is_lost_answers_on_the_next_one():
    go_on = asyncio.Event()
    runs = []

    async def on_message(message: IncomingMessage) -> str:
        runs.append(message.turn_id)
        await go_on.wait()
        return "late, but here"

    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(on_message)
        await served.ask("t1")
        await served.hears("received")
        await served.drop()
        await served.hears("resume")
        await served.ask("t1")
        await served.hears("received")
        go_on.set()
        assert (await served.hears("response"))["text"] == "late, but here"
        assert runs == ["t1"]
        await phone.disconnect()


async def test_a_server_that_drains_is_left_at_once():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo)
        await served.say("goaway", deadline_s=5)
        await served.connections(2)
        assert (await served.hears("resume"))["connection_id"] == "con_0"
        await served.ask("t1")
        assert (await served.hears("response"))["text"] == "You said: hello"
        await phone.disconnect()


async def test_a_server_that_forgot_us_is_connected_to_anew():
    async with platform() as served:
        served.knows = False
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo)
        await served.drop()
        await served.hears("resume")
        await served.ask("t1")
        assert (await served.hears("response"))["text"] == "You said: hello"
        await served.drop()
        assert (await served.hears("resume"))["connection_id"] == "con_1"
        await phone.disconnect()


async def test_a_key_that_is_revoked_ends_it_for_good():
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo)
        await served.sockets[-1].close(4001, "This API key was revoked.")
        with pytest.raises(AuthError, match="revoked"):
            await asyncio.wait_for(phone.wait_closed(), 5)


async def test_repeats_are_told_once():
    starts = []
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo, on_call_start=lambda data: starts.append(data["call_id"]))
        for _ in range(2):
            await served.say("call_start", call_id="call_1", history=[])
        await served.say("from the future", anything=1)
        await served.ask("t1")
        await served.hears("response")
        await phone.disconnect()
    assert starts == ["call_1"]


async def test_a_server_that_is_away_for_a_while_is_tried_until_it_is_back(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT_S", 0.01)
    said: asyncio.Queue[str] = asyncio.Queue()
    listener = logging.Handler()
    listener.emit = lambda record: said.put_nowait(record.getMessage())
    logging.getLogger("patter").addHandler(listener)
    async with platform() as served:
        port = served.port
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(echo)
        await served.drop()
    assert "is not reached, and tried again" in await asyncio.wait_for(said.get(), 10)
    async with platform(port=port) as again:
        assert (await again.hears("resume"))["connection_id"] == "con_0"
        later = [await asyncio.wait_for(said.get(), 10)]
        while later[-1] != "Patter is connected again.":
            later.append(await asyncio.wait_for(said.get(), 10))
        assert len(later) == len(set(later)), "a trouble is said once, however often it is tried"
        logging.getLogger("patter").removeHandler(listener)
        await again.ask("t1")
        assert (await again.hears("response"))["text"] == "You said: hello"
        await phone.disconnect()


async def test_something_else_that_speaks_websockets_is_no_platform():
    async def nonsense(socket):
        await socket.send("good day")
        await socket.wait_closed()

    async with serve(nonsense, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectError, match="does not speak Patter's protocol"):
            await Patter(KEY, backend_url=f"ws://127.0.0.1:{port}").connect(echo)


async def test_a_certificate_that_is_not_trusted_is_said_and_can_be_named(certificate, monkeypatch):
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    served = Platform()
    async with serve(served.carry, "localhost", 0, ssl=own) as server:
        address = f"wss://localhost:{server.sockets[0].getsockname()[1]}"
        for asked in (Patter(KEY, address).connect(echo), Patter(KEY, address).rest.agents.list()):
            with pytest.raises(ConnectError, match="not trusted here: .* name its file in SSL_CERT_FILE"):
                await asked
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        phone = Patter(KEY, address)
        await phone.connect(echo)
        await phone.disconnect()

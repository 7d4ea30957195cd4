import gc

import pytest
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.test import override_settings

from patter_site.asgi import application, lifespan


async def test_an_unknown_socket_is_refused_without_a_traceback():
    socket = WebsocketCommunicator(application, "/nothing/here")
    connected, code = await socket.connect()
    assert not connected
    assert code == 4404


@pytest.fixture
def no_lifespan(settings):
    settings.TESTING = False
    settings.SHAPE = type("Embedded", (), {"embedded": True})()
    assert lifespan.is_missing


async def test_a_server_without_lifespan_is_told_what_to_use(no_lifespan):
    http = ApplicationCommunicator(application, {"type": "http", "method": "GET", "path": "/", "headers": []})
    start, body = await http.receive_output(), await http.receive_output()
    assert start["status"] == 503
    assert b"./dev run" in body["body"]


@override_settings(DEBUG=False)
async def test_what_a_server_starts_it_also_stops(settings):
    settings.SHAPE = type("Separate", (), {"embedded": False})()
    server = ApplicationCommunicator(application, {"type": "lifespan"})
    await server.send_input({"type": "lifespan.startup"})
    assert (await server.receive_output())["type"] == "lifespan.startup.complete"
    assert lifespan.started
    assert gc.get_freeze_count() > 0  # a full collection would hold up every call
    await server.send_input({"type": "lifespan.shutdown"})
    assert (await server.receive_output())["type"] == "lifespan.shutdown.complete"
    assert not lifespan.started

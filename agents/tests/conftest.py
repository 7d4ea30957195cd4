from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from patter.simulators.elevenlabs import ElevenLabsServer
from patter_site.testing import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def vendor(settings) -> Iterator[ElevenLabsServer]:
    """A simulated ElevenLabs in a thread of its own, and a public address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = ElevenLabsServer()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    settings.PATTER_ELEVENLABS_BASE_URL = server.base_url
    settings.PATTER_PUBLIC_URL = "https://calls.example"
    yield server
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

"""A real browser on the real pages: one server in this process, so that tests can also speak on its bus."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from channels.routing import ProtocolTypeRouter
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from agents.services import create_agent
from calls.models import Call
from calls.scenes import make_full_call, make_run
from patter_site.accounts.services.sign_in_links import create_sign_in_link
from patter_site.common import bus
from patter_site.testing import Cast, make_cast
from phone_numbers.models import CarrierAccount, PhoneNumber

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_MS = 20_000
MISSING = (
    "The browser tests need a Chromium. Run ./dev test browser, which brings one, or install it: "
    "apt-get install -y --no-install-recommends chromium; or name one: PATTER_CHROME=/path/to/chrome."
)


def chrome() -> str:
    found = os.environ.get("PATTER_CHROME") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(MISSING, pytrace=False)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright keeps a loop in this thread, which Django takes for an asynchronous caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chrome(),
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Server(uvicorn.Server):
    """Uvicorn in a thread. The workers of a whole process (lifespan) are not wanted here."""

    def __init__(self) -> None:
        from patter_site import asgi

        app = ProtocolTypeRouter({"http": asgi.django_app, "websocket": asgi.sockets})
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(uvicorn.Config(app, lifespan="off", log_level="warning", ws="websockets-sansio"))
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.run(self._on_own_loop())

    async def _on_own_loop(self) -> None:
        bus.bind_loop()
        await self.serve(sockets=[self.listener])
        bus.unbind_loop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server()
    server.thread.start()
    yield server
    server.should_exit = True
    server.thread.join(10)
    server.listener.close()


@pytest.fixture
def scene(transactional_db: None, settings, tmp_path: Path) -> Scene:
    """Ada's organisation with an agent, a number, and one whole call."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }
    cache.clear()
    cast = make_cast()
    config = {"name": "Front desk", "reply_by": "model", "first_message": "Good evening."}
    agent = create_agent(organisation=cast.organisation, config=config, is_default=True, by=cast.ada)
    account = CarrierAccount.objects.create(organisation=cast.organisation, carrier="twilio", name="Main")
    PhoneNumber.objects.create(organisation=cast.organisation, carrier_account=account, number="+15005550006")
    metadata = {"booking": "8812"}
    call = make_full_call(
        cast.organisation,
        agent=agent,
        carrier_account=account,
        carrier_call_id="CA" + "0f" * 16,
        metadata=metadata,
    )
    return Scene(cast, call, agent.pk, make_run(call).tool_id)


@dataclass
class Scene:
    cast: Cast
    call: Call
    agent_id: str
    tool_id: str

    def path(self, *parts: str) -> str:
        return "/".join(["/o", self.cast.organisation.slug, *parts, ""])


@dataclass
class Complaints:
    """What the console, the policy and the server said against a page."""

    heard: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on(
            "console",
            lambda message: self._note(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on(
            "response",
            lambda answer: self._note(f"{answer.status} {answer.url}") if answer.status >= 500 else None,
        )

    def _note(self, text: str) -> None:
        self.heard.append(text)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Whatever a page complains about fails its test, unless the test clears it."""
    complaints = Complaints()
    yield complaints
    assert complaints.heard == []


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: Server, scene: Scene, complaints: Complaints) -> Iterator[Open]:
    """Opens a page as Ada, who came by link; ``width``, ``dark`` and ``script`` as wanted.

    ``live``: it hears of what happens, from here on.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        path: str, *, width: int = 1280, dark: bool = False, script: bool = True, live: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": width, "height": 844},
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        complaints.listen(page)
        page.goto(f"/sign-in/link/{create_sign_in_link(user=scene.cast.ada)}/")
        page.goto("about:blank")  # the page to which the link led listens, too
        heard: list[str] = []
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame)))
        )
        page.goto(path)
        while live and not any('"subscribed"' in frame for frame in heard):
            page.wait_for_timeout(20)
        return page

    yield open_page
    for context in contexts:
        context.close()

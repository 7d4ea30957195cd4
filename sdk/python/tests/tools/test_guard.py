"""Addresses that customers write: what may be called is decided when it is called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

import httpx
import pytest
import websockets

from patter.engines.sockets import open_socket
from patter.engines.web import close_clients, open_answer
from patter.errors import EngineError
from patter.testing.tool_server import answers, serving
from patter.tools import guard as guarding
from patter.tools.guard import AddressRefused, Guard, GuardedTransport, Policy, guard_everything, guard_for
from patter.tools.requests import WebhookRequest
from patter.tools.webhook import post


class Names:
    """A resolver whose answers change from one question to the next."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
async def test_private_addresses_are_refused_however_they_are_written(address: str) -> None:
    with pytest.raises(AddressRefused):
        await Guard(resolver=Names([address])).addresses("tool.example", 443)


async def test_one_private_address_among_others_refuses_them_all() -> None:
    with pytest.raises(AddressRefused):
        await Guard(resolver=Names(["93.184.216.34", "10.0.0.1"])).addresses("tool.example", 443)
    assert await Guard(resolver=Names(["93.184.216.34"])).addresses("tool.example", 443) == ["93.184.216.34"]
    assert await Guard(["10.0.0.0/8"], Names(["10.0.0.1"])).addresses("tool.example", 443) == ["10.0.0.1"]


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_loopback_in_disguise_is_resolved_first(host: str) -> None:
    with pytest.raises(AddressRefused):
        await Guard().addresses(host, 80)


async def test_a_name_that_moves_after_the_check_is_called_where_it_was_checked() -> None:
    """DNS rebinding: the second answer is never asked for."""
    async with serving(answers(200, b'"public"')) as public, serving(answers(200, b'"inner"')) as inner:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        request = WebhookRequest(f"http://tool.example:{public.port}/x", b"{}")
        one = await post(request, "msg_1", 1, guard=Guard(["127.0.0.1/32"], names), timeout_s=5)
        assert (one.ok, one.result) == (True, "public")
        assert names.asked == ["tool.example"]
        assert public.requests[0].headers["host"] == f"tool.example:{public.port}"
        # And the other way round: harmless when it was stored, private when it is called.
        two = await post(request, "msg_1", 2, guard=Guard(["127.0.0.1/32"], names), timeout_s=5)
        assert two.failure is not None
        assert two.failure.cause == "address"
        assert two.failure.permanent
        assert len(public.requests) == 1
        assert not inner.requests


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "gopher://x/", "http://", "nonsense"]
)
async def test_only_http_is_called(url: str) -> None:
    one = await post(WebhookRequest(url, b"{}"), "msg_1", 1, guard=Guard(), timeout_s=5)
    assert one.failure is not None
    assert one.failure.cause == "address"


async def test_a_redirect_to_a_private_address_leads_nowhere() -> None:
    async with serving() as inner:
        away = answers(302, location=f"http://127.0.0.1:{inner.port}/")
        async with serving(away) as server:
            transport = GuardedTransport(Guard(["127.0.0.0/8"]))
            async with httpx.AsyncClient(transport=transport) as client:
                assert (await client.post(server.url)).status_code == 302
        assert not inner.requests


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with serving(answers(200)) as server:
        names = Names(["127.0.0.9", "127.0.0.1"])
        request = WebhookRequest(f"http://tool.example:{server.port}/", b"{}")
        assert (await post(request, "msg_1", 1, guard=Guard(["127.0.0.0/8"], names), timeout_s=5)).ok


@pytest.fixture
def policy() -> Iterator[Callable[[Guard], None]]:
    """Guard this process for one test."""
    before = guarding._policy
    trusted = ["http://127.0.0.1:9000/v1", ""]
    yield lambda guard: guard_everything(Policy(lambda: guard, lambda: trusted))
    guard_everything(before)


def test_a_process_guards_all_but_the_servers_that_it_trusts(policy: Callable[[Guard], None]) -> None:
    guard = Guard()
    policy(guard)
    assert guard_for("http://127.0.0.1:9000/v1/chat") is None
    assert guard_for("ws://127.0.0.1:9000/listen") is None
    assert guard_for("http://127.0.0.1:9001/v1") is guard
    assert guard_for("https://model.example") is guard
    assert guard_for("http://[") is guard
    guard_everything(None)
    assert guard_for("http://127.0.0.1") is None


async def test_a_provider_whose_name_moves_inside_is_not_asked(policy: Callable[[Guard], None]) -> None:
    """The address of a credential was harmless when it was stored: http and sockets alike."""
    async with serving() as inner:
        for names, permanent in ((Names(["127.0.0.1"]), True), (Names([]), False)):
            policy(Guard(resolver=names))
            url = f"http://model{permanent}.example:{inner.port}/v1"
            until = asyncio.get_running_loop().time() + 5
            with pytest.raises(EngineError) as error:
                await open_answer("openai", url, lambda http: http.build_request("POST", "/x"), until=until)
            assert error.value.permanent is permanent
            with pytest.raises(EngineError) as error:
                await open_socket("deepgram", url.replace("http", "ws"), {}, deadline_s=5)
            assert error.value.permanent is permanent
        assert not inner.requests
    await close_clients()


async def test_a_socket_goes_to_the_address_that_was_checked(policy: Callable[[Guard], None]) -> None:
    async with websockets.serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        policy(Guard(["127.0.0.1/32"], names))
        socket = await open_socket("deepgram", f"ws://model.example:{port}/", {}, deadline_s=5)
        assert names.asked == ["model.example"]
        await socket.close()

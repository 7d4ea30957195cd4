"""A provider that says the key as it refuses it: nobody who reads of the call learns it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from patter.bridge.discreet import BLOT, Discreet, blotted, secrets_in
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import Interim, Noted, TransferNoted
from patter.engines.sockets import open_socket
from patter.engines.web import close_clients, open_answer
from patter.errors import EngineError
from patter.serving import AsgiServer

KEY = "sk-proj-0123456789abcdef"


def test_a_key_in_the_words_of_a_refusal_is_blotted_out_of_the_timeline() -> None:
    plan = CallPlan(
        "call_1",
        stt=ProviderSpec("deepgram", api_key=KEY),
        fallbacks={"stt": [ProviderSpec("deepgram", api_key=f"{KEY}-second")]},
        speech=ProviderSpec("x", base_url="https://me:a%2Fpassword@host/v1?api-key=in-the-query"),
    )
    told = {
        "error": f"401: no such key {KEY}-second, nor {KEY}",
        "address": "https://me:a%2Fpassword@host/v1?api-key=in-the-query is not reached (a/password)",
        "number": 3,
    }
    clean = Discreet(plan).entry(Noted("stt.failed", 7, told))
    assert clean == Noted(
        "stt.failed",
        7,
        {
            "error": f"401: no such key {BLOT}, nor {BLOT}",
            "address": f"https://me:{BLOT}@host/v1?api-key={BLOT} is not reached ({BLOT})",
            "number": 3,
        },
    )


def test_what_no_database_can_keep_is_left_out() -> None:
    discreet = Discreet(CallPlan("call_1"))
    told = {"tool": "look\x00up", "rows": ["a\ud83d", ("b\x07", 3)], "more": {"x": "\x00"}}
    clean = {"tool": "lookup", "rows": ["a", ["b", 3]], "more": {"x": ""}}
    assert discreet.entry(Noted("tool.called", 1, told)) == Noted("tool.called", 1, clean)
    noted = TransferNoted("x1", "requested", 1, target="sa\x00les", summary="Ada\x00 waits.")
    assert discreet.entry(noted) == replace(noted, target="sales", summary="Ada waits.")
    assert discreet.entry(Interim("user", "a\x00", 1)) == Interim("user", "a", 1)


def test_what_the_caller_says_stays_as_it_is() -> None:
    discreet = Discreet(CallPlan("call_1", stt=ProviderSpec("deepgram", api_key=KEY)))
    assert discreet.entry(Interim("user", KEY, 0)) == Interim("user", KEY, 0)


@pytest.mark.parametrize("kept", range(12, len(KEY)))
def test_the_beginning_of_a_key_at_which_a_text_was_cut_off_is_no_hint_either(kept: int) -> None:
    assert blotted(f"refused {KEY[:kept]}", [KEY]) == f"refused {BLOT}"


def test_ordinary_words_are_no_keys() -> None:
    assert blotted("the test", ["test", ""]) == "the test"
    assert blotted("by deepgram", ["deepgram-key"]) == "by deepgram"
    assert secrets_in("https://host/v1") == () == secrets_in(None)
    assert secrets_in("https://[host") == ("https://[host",)


@pytest.fixture
async def echoing() -> AsyncIterator[str]:
    """A server that repeats what it refuses."""

    async def refuse(request: Request) -> JSONResponse:
        keys = [request.headers.get(name, "") for name in ("authorization", "xi-api-key")]
        told = f"{'x' * 160} no such key: {' '.join(keys)}"
        return JSONResponse({"error": {"code": "invalid_api_key", "message": told}}, 401)

    server = AsgiServer(Starlette(routes=[Route("/", refuse)]))
    await server.start()
    yield server.base_url
    await close_clients()
    await server.stop()


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"xi-api-key": KEY}])
async def test_an_answer_that_repeats_the_key_is_told_without_it(
    echoing: str, headers: dict[str, str]
) -> None:
    def make(client: httpx.AsyncClient) -> httpx.Request:
        return client.build_request("GET", "/", headers=headers)

    with pytest.raises(EngineError, match="invalid_api_key") as refused:
        await open_answer("openai", echoing, make, until=0)
    assert KEY[:8] not in str(refused.value)
    with pytest.raises(EngineError) as refused:
        await open_socket("openai", echoing.replace("http", "ws"), headers, deadline_s=5)
    assert KEY[:8] not in str(refused.value)

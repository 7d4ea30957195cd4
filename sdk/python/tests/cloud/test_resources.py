"""What ``phone.rest`` can do: each method asks for one thing."""

from __future__ import annotations

from starlette.responses import JSONResponse

from patter import Patter

from .api import KEY, Api

ASKED = [
    ("POST", "agents/a/publish", {"note": "n"}),
    ("POST", "agents/a/versions/2/restore", {}),
    ("POST", "numbers/n/configure", {"replace": True}),
    ("POST", "calls/c/transfer", {"to": "sales"}),
    ("POST", "calls/c/say", {"text": "Hi"}),
    ("POST", "calls/c/digits", {"digits": "1w2"}),
    ("POST", "calls/c/hang-up", {}),
    ("GET", "calls/c/transfers", None),
    ("POST", "tools", {"name": "stock", "description": "d", "url": "https://shop"}),
    ("POST", "tools/t/test", {"arguments": {"a": 1}}),
    ("POST", "mcp-sources/m/choose", {"tools": ["a"]}),
    ("PATCH", "carrier-accounts/k", {"name": "Mine"}),
    ("POST", "provider-credentials", {"provider": "openai", "api_key": "sk"}),
]


async def test_what_else_a_resource_can_do():
    async with Api(*[JSONResponse({"results": []}) for _ in ASKED]) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        rest = phone.rest
        await rest.agents.publish("a", note="n")
        await rest.agents.restore("a", 2)
        await rest.numbers.configure("n", replace=True)
        await rest.calls.transfer("c", to="sales")
        await rest.calls.say("c", "Hi")
        await rest.calls.send_digits("c", "1w2")
        await rest.calls.hang_up("c")
        await rest.calls.transfers("c")
        await rest.tools.create(name="stock", description="d", url="https://shop")
        await rest.tools.test("t", arguments={"a": 1})
        assert await rest.mcp_sources.choose("m", ["a"]) == []
        await rest.carrier_accounts.change("k", name="Mine")
        await rest.provider_credentials.create(provider="openai", api_key="sk")
        await phone.disconnect()
    told = zip(api.asked, api.bodies, strict=True)
    assert [(one.method, one.url.path.removeprefix("/api/v1/"), body) for one, body in told] == ASKED
    posts = [one for one in api.asked if one.method == "POST"]
    assert len({one.headers["Idempotency-Key"] for one in posts}) == len(posts)


async def test_every_page_of_a_calls_own_lists():
    page = JSONResponse({"results": [{"id": 1}], "next": None})
    async with Api(page, page, page, page) as api:
        phone = Patter(KEY, backend_url=api.base_url)
        rest = phone.rest
        for rows in (
            rest.calls.events("c"),
            rest.calls.tool_invocations("c"),
            rest.calls.all(status="completed"),
        ):
            assert [row["id"] async for row in rows] == [1]
        assert [row["id"] for row in await rest.calls.list(direction="inbound", limit=1)] == [1]
        await phone.disconnect()
    assert [str(one.url).partition("/api/v1/")[2] for one in api.asked] == [
        "calls/c/events",
        "calls/c/tool-invocations",
        "calls?status=completed",
        "calls?direction=inbound&limit=1",
    ]

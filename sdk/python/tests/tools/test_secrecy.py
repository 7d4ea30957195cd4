"""A tool's server that shows what it was sent: its keys are for nobody who reads the answer."""

from __future__ import annotations

import json

import pytest

from patter.testing.tool_server import Act, answers, serving
from patter.tools.guard import Guard
from patter.tools.requests import WebhookRequest
from patter.tools.secrecy import secrets_of, without
from patter.tools.webhook import post

KEY = "shop-key-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}", "X-Customer": "customer-0001"}
LOOPBACK = Guard(["127.0.0.0/8"])


@pytest.mark.parametrize(
    ("act", "result"),
    [
        (
            answers(200, json.dumps({"headers": {**HEADERS, KEY: [KEY, 3]}}).encode()),
            {
                "headers": {
                    "Authorization": "Bearer [key]",
                    "X-Customer": "customer-0001",
                    "[key]": ["[key]", 3],
                }
            },
        ),
        (answers(200, f"you sent {KEY}".encode()), "you sent [key]"),
        (answers(401, f"wrong key {KEY}".encode()), None),
    ],
)
async def test_what_is_told_of_an_answer_holds_no_key_of_the_request(act: Act, result: object) -> None:
    async with serving(act) as server:
        request = WebhookRequest(server.url, b"{}", HEADERS)
        one = await post(request, "msg_1", 1, guard=LOOPBACK, timeout_s=5)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert one.result == result
    assert KEY not in one.excerpt and "[key]" in one.excerpt


def test_every_key_of_a_header_is_known() -> None:
    assert secrets_of({"Cookie": "session=abcdefgh; b=2", "X-Api-Key": "k1"}) == (
        "session=abcdefgh",
        "b=2",
        "k1",
    )
    assert without({"a": [1, None, "x k1"]}, ["k1"]) == {
        "a": [1, None, "x k1"]
    }  # too short to be told from words

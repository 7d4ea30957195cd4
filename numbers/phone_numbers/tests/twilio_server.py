"""A Twilio over HTTP on loopback: it answers what it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from patter_site.tests.loopback import Asked, answering

Answer = tuple[int, dict[str, Any] | bytes]
"""Status and body: JSON, or bytes as they are."""


class TwilioServer:
    """``answers`` maps ``METHOD path`` (after the account) to status and body."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.base_url = ""

    def answer(self, method: str, path: str, status: int, body: dict[str, Any] | bytes) -> None:
        self.answers[f"{method} {path}"] = (status, body)

    def take(self, method: str, url: str, form: str) -> Answer:
        tail = "." + urlsplit(url).path.rpartition(".")[2] if "/" not in url.split("Accounts/")[1] else ""
        path = tail or "/" + urlsplit(url).path.split("Accounts/")[1].partition("/")[2]
        self.asked.append((f"{method} {path}", parse_qs(form, keep_blank_values=True)))
        return self.answers.get(f"{method} {path}", (404, {"code": 20404, "message": "not found"}))


@contextmanager
def twilio_server() -> Iterator[TwilioServer]:
    server = TwilioServer()

    def take(asked: Asked) -> tuple[int, bytes]:
        status, body = server.take(asked.method, asked.path, asked.body.decode())
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()

    with answering(take) as server.base_url:
        yield server

"""A Telnyx over HTTP on loopback: it answers what it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from patter_site.tests.loopback import Asked, answering

Answer = tuple[int, dict[str, Any] | bytes]
"""Status and body: JSON, or bytes as they are."""


class TelnyxServer:
    """``answers`` maps ``METHOD path`` (after ``/v2``) to status and body; commands are taken otherwise."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.once: set[str] = set()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.base_url = ""

    def answer(self, method: str, path: str, status: int, body: dict[str, Any] | bytes) -> None:
        self.answers[f"{method} {path}"] = (status, body)

    def refuse(self, method: str, path: str, status: int, code: str, detail: str = "") -> None:
        self.answer(method, path, status, {"errors": [{"code": code, "title": "No", "detail": detail}]})

    def refuse_once(self, method: str, path: str, status: int, code: str) -> None:
        """Refuse once; after that it is taken."""
        self.refuse(method, path, status, code)
        self.once.add(f"{method} {path}")

    def commands(self) -> list[str]:
        """The names of the commands that were sent, in order."""
        return [asked.rpartition("/")[2] for asked, _ in self.asked]

    def take(self, method: str, url: str, body: str) -> Answer:
        path = urlsplit(url).path.removeprefix("/v2")
        door = f"{method} {path}"
        self.asked.append((door, json.loads(body or "{}")))
        answer = self.answers.get(door, (200, {"data": {"result": "ok"}}))
        if door in self.once:
            self.once.discard(door)
            del self.answers[door]
        return answer


@contextmanager
def telnyx_server() -> Iterator[TelnyxServer]:
    server = TelnyxServer()

    def take(asked: Asked) -> tuple[int, bytes]:
        status, body = server.take(asked.method, asked.path, asked.body.decode())
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()

    with answering(take) as base_url:
        server.base_url = f"{base_url}/v2"
        yield server

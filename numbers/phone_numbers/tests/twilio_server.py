"""A Twilio over HTTP on loopback: it answers what it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

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

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_DELETE(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, form: str) -> None:
            status, body = server.take(self.command, self.path, form)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.base_url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()

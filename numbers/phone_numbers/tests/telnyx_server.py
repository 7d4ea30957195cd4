"""A Telnyx over HTTP on loopback: it answers what it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, Any]]


class TelnyxServer:
    """``answers`` maps ``METHOD path`` (after ``/v2``) to status and body; commands are taken otherwise."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.base_url = ""

    def answer(self, method: str, path: str, status: int, body: dict[str, Any]) -> None:
        self.answers[f"{method} {path}"] = (status, body)

    def refuse(self, method: str, path: str, status: int, code: str, detail: str = "") -> None:
        self.answer(method, path, status, {"errors": [{"code": code, "title": "No", "detail": detail}]})

    def commands(self) -> list[str]:
        """The names of the commands that were sent, in order."""
        return [asked.rpartition("/")[2] for asked, _ in self.asked]

    def take(self, method: str, url: str, body: str) -> Answer:
        path = urlsplit(url).path.removeprefix("/v2")
        self.asked.append((f"{method} {path}", json.loads(body or "{}")))
        return self.answers.get(f"{method} {path}", (200, {"data": {"result": "ok"}}))


@contextmanager
def telnyx_server() -> Iterator[TelnyxServer]:
    server = TelnyxServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        do_PATCH = do_POST
        do_DELETE = do_GET

        def _answer(self, body: str) -> None:
            status, answer = server.take(self.command, self.path, body)
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.base_url = f"http://127.0.0.1:{http.server_address[1]}/v2"
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()

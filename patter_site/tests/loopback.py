"""An HTTP server on loopback, in a thread of its own, that answers as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# The default is half a second, which every test would wait at its end.
LOOKS_EVERY_S = 0.01


@dataclass(frozen=True)
class Asked:
    """One request. ``path`` has its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def answering(take: Callable[[Asked], tuple[int, bytes]]) -> Iterator[str]:
    """``take`` gives status and body. Yields the server's base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, body = take(Asked(self.command, self.path, dict(self.headers.items()), sent))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PATCH = do_DELETE = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(LOOKS_EVERY_S,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()

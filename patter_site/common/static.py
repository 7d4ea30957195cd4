"""Static files from this process: collected ones, or from their folders when nothing was collected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.base import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    use_finders: bool

    def __init__(self, get_response: Any = None, settings: Any = settings) -> None:
        super().__init__(get_response, settings)
        if not self.use_finders and not self.files:
            self.use_finders = True
            self.add_files_from_finders()

    def add_files(self, root: str, prefix: str | None = None) -> None:
        if Path(root).is_dir():
            WhiteNoise.add_files(self, root, prefix)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        # Read whole: a file that streams from a thread costs an ASGI server a warning and many hops.
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file:
                body = found.file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response

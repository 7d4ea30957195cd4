"""Refusals in OpenAI's shape. Pure."""

from __future__ import annotations

from typing import Any

TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    429: "requests",
    500: "server_error",
    503: "server_error",
}
SENTENCES = {
    "invalid_api_key": "Incorrect API key provided.",
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
    "rate_limit_exceeded": "Rate limit reached for requests.",
    "server_error": "The server had an error while processing your request.",
}


class RefusalError(Exception):
    """An answer that is no success."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param

    def as_json(self) -> dict[str, Any]:
        kind = "insufficient_quota" if self.code == "insufficient_quota" else TYPES.get(self.status, "error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def planned(status: int, code: str) -> RefusalError:
    """One that was asked for by a fault."""
    usual = {401: "invalid_api_key", 429: "rate_limit_exceeded", 500: "server_error", 503: "server_error"}
    word = code or usual.get(status, "")
    return RefusalError(status, SENTENCES.get(word, "The request was refused."), code=word or None)

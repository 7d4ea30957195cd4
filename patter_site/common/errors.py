"""One error shape for the whole API.

``{"error": {"code", "message", "fields", "request_id"}}`` with the right status. Services raise an
``ApiProblem``; everything else that can go wrong in a view is translated by ``error_handler``.

* ApiProblem (400 bad_request)
  + ValidationProblem (400 validation_failed)
  + NotAllowed (403 not_allowed)
  + NotFound (404 not_found)
  + Conflict (409 conflict)
  + Unprocessable (422 unprocessable)
  + RateLimited (429 rate_limited)
  + Unavailable (503 unavailable)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse

from patter_site.common.error_fields import Fields
from patter_site.common.request_id import current_request_id


class ApiProblem(Exception):
    """A refusal with a code that programs switch on and a sentence that people read."""

    status = 400
    code = "bad_request"
    message = "The request cannot be carried out."

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        fields: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.status = status or self.status
        self.fields: Fields = dict(fields or {})
        self.headers = dict(headers or {})
        super().__init__(self.message)


class ValidationProblem(ApiProblem):
    """A value is wrong. ``fields`` says which, in sentences."""

    code = "validation_failed"
    message = "Some values need attention."


class NotAllowed(ApiProblem):
    status = 403
    code = "not_allowed"
    message = "You may not do this."


class NotFound(ApiProblem):
    status = 404
    code = "not_found"
    message = "There is nothing at this address."


class Conflict(ApiProblem):
    """The thing is in a state that does not allow this."""

    status = 409
    code = "conflict"
    message = "This does not fit the present state."


class Unprocessable(ApiProblem):
    status = 422
    code = "unprocessable"


class RateLimited(ApiProblem):
    """``Retry-After`` belongs in ``headers``, in seconds."""

    status = 429
    code = "rate_limited"
    message = "Too many requests. Wait a little."


class Unavailable(ApiProblem):
    status = 503
    code = "unavailable"
    message = "This is not available at the moment. Try again."


def error_body(code: str, message: str, fields: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The body of every error answer."""
    return {
        "error": {
            "code": code,
            "message": message,
            "fields": dict(fields or {}),
            "request_id": current_request_id(),
        }
    }


def error_response(problem: ApiProblem) -> JsonResponse:
    """The same answer outside REST framework: middleware, plain views, 404 and 500 handlers."""
    body = error_body(problem.code, problem.message, problem.fields)
    return JsonResponse(body, status=problem.status, headers=problem.headers)


def is_api(request: HttpRequest) -> bool:
    """Whether the client of this request expects JSON."""
    return request.path.startswith(("/api/", "/webhooks/", "/llm/"))

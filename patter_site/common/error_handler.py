"""Every exception of an API view becomes an answer in the one error shape."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.core.signals import got_request_exception
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from patter_site.common.error_fields import Fields, field_sentences, first_sentence
from patter_site.common.errors import ApiProblem, NotAllowed, NotFound, ValidationProblem, error_body

logger = structlog.get_logger(__name__)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Every exception of an API view becomes an answer in the one shape; what is our fault is logged."""
    problem = as_problem(exc)
    if problem is None:
        _report(exc, context.get("request"))
        problem = ApiProblem("Something went wrong on our side.", code="internal_error", status=500)
    body = error_body(problem.code, problem.message, problem.fields)
    return Response(body, status=problem.status, headers=problem.headers)


def _report(exc: Exception, request: Any) -> None:
    logger.error("A request failed", exc_info=exc)
    plain = getattr(request, "_request", request)
    got_request_exception.send(sender=exception_handler, request=plain)


def as_problem(exc: Exception) -> ApiProblem | None:
    """What to tell the client, or None when the fault is ours."""
    match exc:
        case ApiProblem():
            return exc
        case Http404():
            return NotFound()
        case PermissionDenied():
            return NotAllowed()
        case drf.ValidationError():
            return _invalid(field_sentences(exc.detail))
        case ModelValidationError():
            return _invalid(field_sentences(_model_errors(exc)))
        case drf.APIException():
            return _from_framework(exc)
        case RequestDataTooBig():
            return ApiProblem("The body is too large.", code="too_large", status=413)
        case SuspiciousOperation() | UnreadablePostError():
            return ApiProblem()
    return None


def _invalid(fields: Fields) -> ValidationProblem:
    return ValidationProblem(first_sentence(fields), fields=fields)


def _model_errors(exc: ModelValidationError) -> Any:
    return exc.message_dict if hasattr(exc, "error_dict") else exc.messages


FRAMEWORK_CODES: dict[type[drf.APIException], str] = {
    drf.ParseError: "malformed_json",
    drf.NotAuthenticated: "not_authenticated",
    drf.AuthenticationFailed: "authentication_failed",
    drf.PermissionDenied: "not_allowed",
    drf.NotFound: "not_found",
    drf.MethodNotAllowed: "method_not_allowed",
    drf.NotAcceptable: "not_acceptable",
    drf.UnsupportedMediaType: "unsupported_media_type",
    drf.Throttled: "rate_limited",
}


def _from_framework(exc: drf.APIException) -> ApiProblem | None:
    if exc.status_code >= 500:
        return None
    headers: dict[str, str] = {}
    if auth_header := getattr(exc, "auth_header", ""):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    code = FRAMEWORK_CODES.get(type(exc), str(getattr(exc.detail, "code", "") or exc.default_code))
    return ApiProblem(str(exc.detail), code=code, status=exc.status_code, headers=headers)

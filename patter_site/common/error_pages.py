"""What Django answers when no view did: JSON for programs, a page for people."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from patter_site.common.errors import ApiProblem, NotAllowed, NotFound, error_response, is_api


@csrf_exempt
def unknown_address(request: HttpRequest, **_kwargs: Any) -> HttpResponse:
    """The end of the API's addresses. A view, because Django's own 404 is HTML while debugging."""
    return error_response(NotFound("There is no such address in this API."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error_response(ApiProblem())
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error_response(NotAllowed())
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error_response(NotFound())
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        problem = ApiProblem("Something went wrong on our side.", code="internal_error", status=500)
        return error_response(problem)
    return defaults.server_error(request)

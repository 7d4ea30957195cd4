"""Pages under ``/o/{slug}/…`` belong to one organisation: for those who are not members they are 404."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

from patter_site.accounts.selectors import membership_in

View = Callable[..., HttpResponse]


@sync_only_middleware
class OrganisationMiddleware:
    """Sets ``request.organisation`` and ``request.membership`` from the address's ``slug``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not request.path_info.startswith("/o/") or "slug" not in kwargs:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        membership = membership_in(slug=kwargs["slug"], user=request.user)
        if membership is None:
            raise Http404
        request.membership = membership  # type: ignore[attr-defined]
        request.organisation = membership.organisation  # type: ignore[attr-defined]
        return None

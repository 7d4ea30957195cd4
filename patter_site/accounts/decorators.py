"""Doors of the dashboard: who may open a page."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from patter_site.accounts.models import Role
from patter_site.accounts.roles import at_least

View = Callable[..., HttpResponse]


def member_required(role: str = Role.VIEWER) -> Callable[[View], View]:
    """For a view under ``/o/<slug:slug>/…``: at least this role, else 403. Strangers got a 404 already.

    ``request.organisation`` and ``request.membership`` are set; the view takes no ``slug``.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(request: HttpRequest, slug: str, *args: object, **kwargs: object) -> HttpResponse:
            membership = getattr(request, "membership", None)
            if membership is None or not at_least(membership.role, role):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate

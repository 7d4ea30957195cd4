"""The door of every page of an organisation: signed in, a member, and allowed to do this."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from patter_site.accounts.models import Membership, Organisation, User
from patter_site.accounts.roles import ACTIONS, may

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request that came through ``member_page``."""

    user: User
    organisation: Organisation
    membership: Membership


Page = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def member_page(action: str = "read") -> Callable[[Page[P]], Callable[..., HttpResponseBase]]:
    """Opens ``/o/{slug}/…`` to members whose role allows the action. A stranger sees 404, never 403."""

    def decorate(view: Page[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def door(request: Any, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            # The organisation's middleware may have looked already.
            request.membership = getattr(request, "membership", None) or membership_of(request.user, slug)
            if request.membership is None:
                raise Http404
            request.organisation = request.membership.organisation
            if not may(request.membership.role, action):
                raise PermissionDenied(
                    _("You are “%(role)s” here; this needs “%(needed)s”.")
                    % {"role": request.membership.role, "needed": ACTIONS[action].value}
                )
            return view(request, *args, **kwargs)

        return door

    return decorate


def membership_of(user: User, slug: str) -> Membership | None:
    """The user's place in an open organisation."""
    rows = Membership.objects.unscoped("the address names the organisation, the row proves the right")
    found = rows.filter(user=user, organisation__slug=slug, organisation__is_active=True)
    return found.select_related("organisation").first()


def organisations_of(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Where somebody is a member, by name."""
    if not user.is_authenticated:
        return Organisation.objects.none()
    mine = Membership.objects.unscoped("a person's own memberships").filter(user=user)
    return Organisation.objects.filter(pk__in=mine.values("organisation"), is_active=True).order_by("name")

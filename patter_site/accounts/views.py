"""Coming in, going out, and the keys of an organisation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from patter_site.accounts.actors import person
from patter_site.accounts.appearance import COOKIE, ONE_YEAR_S, THEMES
from patter_site.accounts.forms import SCOPE_NAMES, ApiKeyForm, SignInForm
from patter_site.accounts.models import ApiKey
from patter_site.accounts.pages import MemberRequest, member_page, organisations_of
from patter_site.accounts.roles import scopes_of
from patter_site.accounts.services.api_keys import create_api_key, revoke_api_key
from patter_site.accounts.services.sign_in_links import use_sign_in_link

BACKEND = "django.contrib.auth.backends.ModelBackend"


def _next_of(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """To the calls of the first organisation; without one, a page that says what to do."""
    first = organisations_of(request.user).first()
    return redirect("calls:list", first.slug) if first else render(request, "accounts/no_organisation.html")


@require_GET
@member_page()
def organisation_home(request: MemberRequest) -> HttpResponse:
    return redirect("calls:list", request.organisation.slug)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(_next_of(request))
    form = SignInForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        login(request, form.user, BACKEND)
        return redirect(_next_of(request))
    status = 429 if form.has_error("__all__", "throttled") else 200
    return render(request, "accounts/sign_in.html", {"form": form, "next": _next_of(request)}, status=status)


@never_cache
@require_GET
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Works once, for a short while: the link that a developer follows from the terminal."""
    user = use_sign_in_link(token)
    if user is None:
        return render(request, "accounts/link_used.html", status=410)
    login(request, user, BACKEND)
    return redirect(_next_of(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign_in")


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """The light switch for those without script; with script nothing is sent."""
    response = redirect(_next_of(request))
    if (theme := request.POST.get("theme", "")) in THEMES:
        response.set_cookie(COOKIE, theme, max_age=ONE_YEAR_S, samesite="Lax")
    return response


@never_cache
@require_http_methods(["GET", "POST"])
@member_page("manage_keys")
def api_keys(request: MemberRequest) -> HttpResponse:
    """The keys. A new one is shown in the answer to its form and is kept nowhere else."""
    allowed = scopes_of(request.membership.role)
    form = ApiKeyForm(allowed, request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        _key, secret = create_api_key(
            organisation=request.organisation,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            allowed_scopes=allowed,
            created_by=request.user,
            actor=person(request.user),
        )
        form = ApiKeyForm(allowed)
    keys = list(ApiKey.objects.of(request.organisation).select_related("created_by").order_by("-id"))
    for key in keys:
        key.scope_names = [SCOPE_NAMES.get(scope, scope) for scope in key.scopes]
    context = {"form": form, "secret": secret, "keys": keys, "all_scopes": len(SCOPE_NAMES)}
    return render(request, "accounts/api_keys.html", context)


@require_POST
@member_page("manage_keys")
def revoke_key(request: MemberRequest, key_id: str) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.of(request.organisation), pk=key_id)
    revoke_api_key(key=key, actor=person(request.user))
    messages.success(request, _("“%s” is revoked. Programs that use it are refused from now on.") % key.name)
    return redirect("accounts:api_keys", request.organisation.slug)

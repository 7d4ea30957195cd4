"""Addresses. Each room keeps its own: ``api_urls`` under /api/v1/, ``urls`` for pages and doors."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from patter_site.common.error_pages import unknown_address
from patter_site.operations import getpatter

api_v1: list[URLPattern | URLResolver] = [
    path("", include("agents.api_urls")),
    path("", include("tools.api_urls")),
    path("", include("phone_numbers.api_urls")),
    path("", include("calls.api_urls")),
    path("", include("patter_site.accounts.api_urls")),
    path("", include("patter_site.operations.api_urls")),
    re_path(r"^.*$", unknown_address),
]

handler400 = "patter_site.common.error_pages.bad_request"
handler403 = "patter_site.common.error_pages.permission_denied"
handler404 = "patter_site.common.error_pages.page_not_found"
handler500 = "patter_site.common.error_pages.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_v1, "api"), namespace="api")),
    path("api/", include(getpatter.addresses)),
    path("", include("patter_site.operations.urls")),
    path("", include("patter_site.accounts.urls")),
    path("", include("calls.webhooks.urls")),
    path("", include("calls.urls")),
    path("", include("agents.urls")),
    path("", include("tools.urls")),
    path("", include("phone_numbers.urls")),
]

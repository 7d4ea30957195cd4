"""Light, dark, or as the system says: a cookie that the server reads, so that no page flashes."""

from __future__ import annotations

from django.http import HttpRequest

COOKIE = "theme"
THEMES = ("system", "light", "dark")
ONE_YEAR_S = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get(COOKIE, "")
    return theme if theme in THEMES else "system"

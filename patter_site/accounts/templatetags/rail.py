"""What the frame round every page needs: rooms, organisations, the theme."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from patter_site.accounts.appearance import theme_of
from patter_site.accounts.models import Organisation
from patter_site.accounts.pages import organisations_of

register = template.Library()


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """``light``, ``dark`` or ``system``."""
    request = context.get("request")
    return theme_of(request) if request else "system"


@register.filter
def yes_if(value: str, wanted: str) -> str:
    return "true" if value == wanted else "false"


@register.simple_tag(takes_context=True)
def my_organisations(context: dict[str, Any]) -> list[Organisation]:
    return list(organisations_of(context["request"].user))


@register.simple_tag(takes_context=True)
def rooms(context: dict[str, Any]) -> list[dict[str, Any]]:
    """The rooms of an organisation, in the order of the rail. ``key`` follows ``g``."""
    request = context["request"]
    listed = [
        (_("Calls"), "calls:list", "calls", "c"),
        (_("Agents"), "agents:list", "agents", "a"),
        (_("Tools"), "tools:list", "tools", "t"),
        (_("Numbers"), "numbers:list", "numbers", "n"),
        (_("Settings"), "accounts:api_keys", "settings", "s"),
    ]
    here = f"/o/{request.organisation.slug}"
    return [
        {
            "label": label,
            "url": reverse(name, args=[request.organisation.slug]),
            "icon": icon,
            "key": key,
            "current": request.path.startswith(f"{here}/{icon}/"),
        }
        for label, name, icon, key in listed
    ]

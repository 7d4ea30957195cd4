"""How values look on every page: times, durations, numbers of phones."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import phonenumbers
from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def clock(milliseconds: int | None) -> str:
    """``41200`` is ``00:41``."""
    seconds = max(int(milliseconds or 0), 0) // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


@register.filter
def duration(seconds: int | None) -> str:
    """``161`` is ``2 m 41 s``. Nothing for nothing."""
    if seconds is None:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _("%(h)d h %(m)02d m") % {"h": hours, "m": minutes}
    if minutes:
        return _("%(m)d m %(s)02d s") % {"m": minutes, "s": seconds}
    return _("%(s)d s") % {"s": seconds}


@register.filter
@lru_cache(maxsize=4096)
def phone(number: str) -> str:
    """An E.164 number in the grouping of its country; anything else as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace(
        " ", "\u00a0"
    )


@register.filter
def ago(when: datetime | None) -> SafeString | str:
    """A relative time, exact on hover. Scripts keep it fresh, in the viewer's zone."""
    if when is None:
        return ""
    text = (
        _("just now")
        if (timezone.now() - when).total_seconds() < 60
        else _("%s ago") % timesince(when, depth=1)
    )
    return _time(when, text, "")


@register.filter
def at_clock(when: datetime | None) -> SafeString | str:
    """A time of day, exact on hover."""
    return _time(when, formats.time_format(timezone.localtime(when), "H:i:s"), " data-clock") if when else ""


def _time(when: datetime, text: str, mark: str) -> SafeString:
    exact = (
        formats.date_format(timezone.localtime(when), "j M Y, H:i:s")
        + " "
        + (timezone.localtime(when).tzname() or "")
    )
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>', when.isoformat(), exact, SafeString(mark), text
    )


@register.filter
def unlocalized(number: float | int) -> str:
    """A number for a machine: no grouping, a point."""
    return f"{number:g}" if isinstance(number, float) else str(number)


@register.filter
def whole_seconds(milliseconds: int) -> str:
    return str(max(milliseconds, 0) // 1000)

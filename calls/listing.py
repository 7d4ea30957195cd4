"""The list of calls as its address says: filters, search, and the page before or after a call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from calls.models import Call, Turn
from calls.presenters import percentile
from calls.search import search_calls
from calls.words import DIRECTIONS, State, state_of
from patter_site.accounts.models import Organisation

PAGE = 50
LIVE = ("queued", "dialling", "ringing", "in_progress", "transferring")
STATES: list[tuple[str, Any]] = [
    ("", _("Any state")),
    ("live", _("Live now")),
    ("completed", _("Completed")),
    ("unreached", _("Not reached")),
    ("failed", _("Failed")),
    ("scheduled", _("Scheduled")),
    ("cancelled", _("Cancelled")),
]
UNREACHED = ("busy", "no_answer", "declined")


class CallFilter(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    status = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    direction = forms.ChoiceField(
        label=_("Direction"), required=False, choices=[("", _("Any direction")), *DIRECTIONS.items()]
    )
    agent = forms.ChoiceField(label=_("Agent"), required=False)
    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To day"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, agents: list[Agent], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["agent"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [("", _("Any agent")), *((agent.pk, agent.name) for agent in agents)]
        self.fields["q"].widget = forms.TextInput(
            {"type": "search", "placeholder": _("Number, words or call id"), "autocomplete": "off"}
        )

    @property
    def is_used(self) -> bool:
        return any(self.cleaned_data.get(name) for name in self.fields)


@dataclass(frozen=True, slots=True)
class CallRow:
    call: Call
    state: State
    p50_ms: int | None


@dataclass(frozen=True, slots=True)
class CallsPage:
    """``older`` and ``newer`` are the queries of the neighbouring pages, empty at the ends."""

    rows: list[CallRow]
    older: str = ""
    newer: str = ""


def filtered(organisation: Organisation, wanted: dict[str, Any]) -> QuerySet[Call]:
    """The organisation's calls that a filter's cleaned values leave, newest first."""
    calls = Call.objects.of(organisation).select_related("agent")
    if state := wanted.get("status"):
        calls = calls.filter(_in_state(state))
    if direction := wanted.get("direction"):
        calls = calls.filter(direction=direction)
    if agent := wanted.get("agent"):
        calls = calls.filter(agent_id=agent)
    zone = ZoneInfo(organisation.time_zone)
    if since := wanted.get("since"):
        calls = calls.filter(created_at__gte=datetime.combine(since, time.min, zone))
    if until := wanted.get("until"):
        calls = calls.filter(created_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone))
    if question := wanted.get("q"):
        calls = search_calls(calls, question)
    return calls


def page_of(organisation: Organisation, calls: QuerySet[Call], query: QueryDict) -> CallsPage:
    """One page. Ids sort by time, so an id is the cursor."""
    before, after = query.get("before", ""), query.get("after", "")
    if after:
        found = list(calls.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE][::-1]
        return CallsPage(
            rows_of(organisation, found),
            _query(query, before=found[-1].pk) if found else "",
            _query(query, after=found[0].pk) if more else "",
        )
    if before:
        calls = calls.filter(pk__lt=before)
    found = list(calls.order_by("-pk")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return CallsPage(
        rows_of(organisation, found),
        _query(query, before=found[-1].pk) if more else "",
        _query(query, after=found[0].pk) if before and found else "",
    )


def rows_of(organisation: Organisation, calls: list[Call]) -> list[CallRow]:
    """Rows with their reply latency, in one query for all."""
    found = Turn.objects.of(organisation).filter(call__in=[call.pk for call in calls], latency__isnull=False)
    by_call: dict[str, list[int]] = defaultdict(list)
    for call_id, ms in found.values_list("call_id", "latency__total_ms"):
        if ms is not None:
            by_call[call_id].append(ms)
    return [CallRow(call, state_of(call), percentile(by_call[call.pk], 0.5)) for call in calls]


def _in_state(state: str) -> Q:
    if state == "live":
        return Q(status__in=LIVE)
    if state == "unreached":
        return Q(status="failed", outcome__in=UNREACHED)
    if state == "failed":
        return Q(status="failed") & ~Q(outcome__in=UNREACHED)
    return Q(status=state)


def _query(query: QueryDict, **cursor: str) -> str:
    changed = query.copy()
    for name in ("before", "after"):
        changed.pop(name, None)
    for name, value in cursor.items():
        changed[name] = value
    return "?" + changed.urlencode()

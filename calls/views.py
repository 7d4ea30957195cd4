"""The pages of calls: the list, one call, and what a live page asks for again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.errors import AgentNotReady
from agents.models import Agent
from calls.listing import CallFilter, filtered, page_of, rows_of
from calls.models import Call, Recording
from calls.plan import plan_of
from calls.presenters import percentile, timeline, totals, waveform
from calls.selectors import (
    events_of,
    invocations_of,
    ready_recording,
    shown_recording,
    transfers_of,
    turns_of,
)
from calls.services.control import hang_up_call
from calls.services.transfer import MAX_SUMMARY_CHARS, ask_transfer
from calls.stored_recording import recording_response
from calls.transfer_lines import transfer_lines
from calls.words import END_REASONS, state_of, trouble_of
from patter.bridge.transfers import TransferTarget
from patter_site.accounts.pages import MemberRequest, member_page
from patter_site.accounts.roles import may
from patter_site.common.errors import ApiProblem, NotFound, Unavailable
from tools.models import Tool

MOST_RUNS = 100


def _call(request: MemberRequest, call_id: str) -> Call:
    calls = Call.objects.of(request.organisation).select_related("agent", "number", "carrier_account")
    return get_object_or_404(calls, pk=call_id)


@require_GET
@member_page()
def call_list(request: MemberRequest) -> HttpResponse:
    agents = list(Agent.objects.of(request.organisation).order_by("name"))
    form = CallFilter(agents, request.GET)
    form.is_valid()  # a wrong value says so under its field and filters nothing
    calls = filtered(request.organisation, form.cleaned_data)
    page = page_of(request.organisation, calls, request.GET)
    context = {"form": form, "page": page, "filtered": form.is_used or "before" in request.GET}
    template = "calls/results.html" if getattr(request, "htmx", False) else "calls/list.html"
    return render(request, template, context)


@require_GET
@member_page()
def call_row(request: MemberRequest, call_id: str) -> HttpResponse:
    """One row again, because the call moved."""
    row = rows_of(request.organisation, [_call(request, call_id)])[0]
    return render(request, "calls/row.html", {"row": row})


def _head(request: MemberRequest, call: Call, latencies: list[int]) -> dict[str, Any]:
    return {
        "call": call,
        "state": state_of(call),
        "trouble": trouble_of(call),
        "end_reason": END_REASONS.get(call.end_reason, call.end_reason),
        "p50": percentile(latencies, 0.5),
        "p95": percentile(latencies, 0.95),
        "can_hang_up": not call.is_over and may(request.membership.role, "place_calls"),
    }


def _targets(request: MemberRequest, call: Call) -> list[TransferTarget]:
    """Whom this caller can be given to now, by this member."""
    if not call.has_media or call.is_over or not may(request.membership.role, "place_calls"):
        return []
    try:
        return list(plan_of(call).plan.transfers.targets)
    except AgentNotReady:
        return []


def _extras(call: Call) -> list[tuple[str, dict[str, Any]]]:
    named = [
        (_("Variables"), call.variables),
        (_("Custom parameters"), call.custom_params),
        (_("Metadata"), call.metadata),
    ]
    return [(name, values) for name, values in named if values]


def _lasted_ms(call: Call) -> int:
    if call.duration_s is not None:
        return call.duration_s * 1000
    if call.answered_at is None:
        return 0
    return int(((call.ended_at or timezone.now()) - call.answered_at).total_seconds() * 1000)


@require_GET
@member_page()
def call_page(request: MemberRequest, call_id: str) -> HttpResponse:
    call = _call(request, call_id)
    turns, events = list(turns_of(call)), list(events_of(call))
    recording = shown_recording(call)
    playable = (
        recording if recording and recording.status == Recording.Status.READY and recording.file else None
    )
    context = {
        **_head(request, call, totals(turns)),
        "lines": timeline(call, turns, events),
        "turn_count": len(turns),
        "recording": recording,
        "playable": playable,
        "waveform": waveform(turns, playable, _lasted_ms(call)) if call.is_over else None,
        "extras": _extras(call),
        "transfers": transfer_lines(transfers_of(call)),
        "targets": _targets(request, call),
        "runs": list(invocations_of(request.organisation).filter(call=call).order_by("id")[:MOST_RUNS]),
    }
    return render(request, "calls/call.html", context)


@require_GET
@member_page()
def tool_runs(request: MemberRequest, tool_id: str) -> HttpResponse:
    """The newest runs of one tool, in whichever calls."""
    tool = get_object_or_404(Tool.objects.of(request.organisation), pk=tool_id)
    runs = invocations_of(request.organisation).filter(tool=tool).order_by("-id")[:MOST_RUNS]
    return render(request, "calls/tool_runs.html", {"tool": tool, "runs": list(runs)})


@require_GET
@member_page()
def call_growth(request: MemberRequest, call_id: str) -> HttpResponse:
    """What a live page does not have yet, and its header as it is now."""
    call = _call(request, call_id)
    shown_turn, shown_event = _whole(request, "turn", -1), _whole(request, "event", 0)
    turns = list(turns_of(call))
    latencies = totals(turns)
    lines = timeline(
        call,
        [turn for turn in turns if turn.index > shown_turn],
        list(events_of(call).filter(pk__gt=shown_event)),
        shown_turn=shown_turn,
        shown_event=shown_event,
        longest_ms=max(latencies, default=0),
    )
    return render(request, "calls/growth.html", {**_head(request, call, latencies), "lines": lines})


def _whole(request: MemberRequest, name: str, default: int) -> int:
    try:
        return int(request.GET.get(name, default))
    except ValueError:
        return default


@require_GET
@member_page()
def call_recording(request: MemberRequest, call_id: str) -> HttpResponseBase:
    try:
        response = recording_response(request, ready_recording(_call(request, call_id)))
    except NotFound:
        raise Http404 from None
    except Unavailable as problem:
        return HttpResponse(problem.message, status=problem.status, content_type="text/plain; charset=utf-8")
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="{call_id}.wav"'
    return response


@require_POST
@member_page("place_calls")
def hang_up(request: MemberRequest, call_id: str) -> HttpResponse:
    call = _call(request, call_id)
    try:
        hang_up_call(call=call)
    except ApiProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("The call is being ended."))
    return redirect("calls:call", request.organisation.slug, call.pk)


@require_POST
@member_page("place_calls")
def transfer(request: MemberRequest, call_id: str) -> HttpResponse:
    call = _call(request, call_id)
    try:
        ask_transfer(
            call=call,
            target=request.POST.get("target", ""),
            summary=request.POST.get("summary", "").strip()[:MAX_SUMMARY_CHARS],
        )
    except ApiProblem as problem:
        sentences = [sentence for field in problem.fields.values() for sentence in field]
        messages.error(request, " ".join(map(str, sentences)) or problem.message)
    else:
        messages.success(request, _("The caller is being put through."))
    return redirect("calls:call", request.organisation.slug, call.pk)

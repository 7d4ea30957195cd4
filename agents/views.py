"""The pages of agents: the list, the form with its draft, and the versions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework.exceptions import ValidationError

from agents.convai import check_convai, provision_convai
from agents.endings import ending_models
from agents.forms import LANGUAGES, AgentForm, changes_of, initial_of
from agents.models import Agent
from agents.presenters import changes_between, version_rows
from agents.selectors import agents_of, version_of, versions_of
from agents.services import change_draft, create_agent, publish_agent, restore_version
from patter_site.accounts.pages import MemberRequest, member_page
from patter_site.accounts.roles import may
from patter_site.common.errors import ApiProblem
from tools.specs import tools_of


def _agent(request: MemberRequest, agent_id: str) -> Agent:
    return get_object_or_404(agents_of(request.organisation), pk=agent_id)


def _choices(request: MemberRequest) -> list[tuple[str, str]]:
    """The tools that an agent can be given."""
    found = tools_of(request.organisation).order_by("name")
    return [(tool.name, tool.description) for tool in found]


@require_GET
@member_page()
def agent_list(request: MemberRequest) -> HttpResponse:
    agents = list(agents_of(request.organisation).annotate(number_count=Count("numbers")).order_by("name"))
    today = timezone.now().date()
    context = {
        "agents": agents,
        "ending": {agent.pk for agent in agents if ending_models(agent.draft, today)},
        "may_edit": may(request.membership.role, "edit_agents"),
    }
    return render(request, "agents/list.html", context)


@require_http_methods(["GET", "POST"])
@member_page("edit_agents")
def new_agent(request: MemberRequest) -> HttpResponse:
    form = AgentForm(request.POST or None, initial=initial_of({}), tools=_choices(request))
    if request.method == "POST" and form.is_valid():
        publish = "publish" in request.POST
        try:
            agent = create_agent(
                organisation=request.organisation,
                config=changes_of(form.cleaned_data, {}),
                draft=not publish,
                by=request.user,
            )
        except ValidationError as error:
            form.take_errors(error.detail)
        else:
            messages.success(request, _("Published as version 1.") if publish else _("Saved as a draft."))
            return redirect("agents:agent", request.organisation.slug, agent.pk)
    return _form(request, form, None)


@require_http_methods(["GET", "POST"])
@member_page()
def agent_page(request: MemberRequest, agent_id: str) -> HttpResponse:
    """The draft as a form. Saved when sent, by a button or by itself; “publish” also freezes it."""
    agent = _agent(request, agent_id)
    if request.method == "GET":
        form = AgentForm(initial=initial_of(agent.draft), tools=_choices(request))
        return _form(request, form, agent)
    if not may(request.membership.role, "edit_agents"):
        return redirect("agents:agent", request.organisation.slug, agent.pk)
    form = AgentForm(request.POST, initial=initial_of(agent.draft), tools=_choices(request))
    saved = _save(form, agent)
    if getattr(request, "htmx", False):
        context = {
            "form": form,
            "agent": agent,
            "saved": saved,
            "now": timezone.now(),
            "pending": _pending(agent),
            "endings": ending_models(agent.draft, timezone.now().date()),
        }
        return render(request, "agents/saved.html", context)
    if saved and "publish" in request.POST:
        return _publish(request, form, agent)
    if saved:
        messages.success(request, _("Draft saved. Calls use it once it is published."))
        return redirect("agents:agent", request.organisation.slug, agent.pk)
    return _form(request, form, agent)


def _save(form: AgentForm, agent: Agent) -> bool:
    if not form.is_valid():
        return False
    try:
        changed = change_draft(agent=agent, changes=changes_of(form.cleaned_data, agent.draft))
    except ValidationError as error:
        form.take_errors(error.detail)
        return False
    agent.draft, agent.name = changed.draft, changed.name
    return True


def _publish(request: MemberRequest, form: AgentForm, agent: Agent) -> HttpResponse:
    seen = request.POST.get("base_version", "")
    try:
        published = publish_agent(
            agent=agent, base_version=int(seen) if seen.isdigit() else None, by=request.user
        )
    except ApiProblem as error:
        form.add_error(None, error.message)
        return _form(request, form, agent)
    messages.success(
        request,
        _("Version %d is published. Calls that begin from now on use it.") % published.published_version,
    )
    return redirect("agents:agent", request.organisation.slug, agent.pk)


def _pending(agent: Agent) -> list[Any]:
    """What the draft would change."""
    version = version_of(agent)
    return changes_between(version.config, agent.draft) if version else []


def _form(request: MemberRequest, form: AgentForm, agent: Agent | None) -> HttpResponse:
    may_edit = may(request.membership.role, "edit_agents")
    if not may_edit:
        for field in form.fields.values():
            field.disabled = True
    _mark_first_wrong(form)
    context = {
        "form": form,
        "agent": agent,
        "may_edit": may_edit,
        "languages": LANGUAGES,
        "pending": _pending(agent) if agent else [],
        "endings": ending_models(agent.draft, timezone.now().date()) if agent else [],
        "next_version": _next_number(agent) if agent else 1,
    }
    return render(request, "agents/form.html", context, status=422 if form.errors else 200)


def _next_number(agent: Agent) -> int:
    newest = versions_of(agent).first()
    return newest.number + 1 if newest else 1


def _mark_first_wrong(form: AgentForm) -> None:
    """The first wrong field has the focus, also without script."""
    for name in form.fields:
        if form.is_bound and name in form.errors:
            form.fields[name].widget.attrs["autofocus"] = True
            return


@require_http_methods(["GET", "POST"])
@member_page()
def convai(request: MemberRequest, agent_id: str) -> HttpResponse:
    """The ElevenLabs agent behind an agent in convai mode: checked, or set up."""
    agent = _agent(request, agent_id)
    may_edit = may(request.membership.role, "edit_agents")
    context: dict[str, Any] = {"agent": agent, "may_edit": may_edit}
    if request.method == "POST" and may_edit:
        act = provision_convai if request.POST.get("what") == "provision" else check_convai
        base_url = f"{request.scheme}://{request.get_host()}" if settings.DEBUG else ""
        try:
            context["checked"] = act(agent=agent, base_url=base_url)
        except ApiProblem as error:
            context["problem"] = error.message
        agent.refresh_from_db()
    return render(request, "agents/convai.html", context)


@require_GET
@member_page()
def agent_versions(request: MemberRequest, agent_id: str) -> HttpResponse:
    agent = _agent(request, agent_id)
    versions = list(versions_of(agent).select_related("created_by"))
    context = {
        "agent": agent,
        "rows": version_rows(versions, agent.published_version),
        "may_edit": may(request.membership.role, "edit_agents"),
        "pending": _pending(agent),
    }
    return render(request, "agents/versions.html", context)


@require_POST
@member_page("edit_agents")
def restore(request: MemberRequest, agent_id: str, number: int) -> HttpResponse:
    agent = _agent(request, agent_id)
    try:
        restore_version(agent=agent, number=number)
    except ApiProblem as error:
        messages.error(request, error.message)
        return redirect("agents:versions", request.organisation.slug, agent.pk)
    messages.success(request, _("The draft is version %d again. Publish it to use it.") % number)
    return redirect("agents:agent", request.organisation.slug, agent.pk)

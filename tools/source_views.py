"""The pages of MCP servers: what one offers, and which of it agents may use."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.exceptions import ValidationError

from patter_site.accounts.pages import MemberRequest, member_page
from patter_site.accounts.roles import may
from patter_site.common.errors import ApiProblem
from tools.forms import SourceForm, initial_of_source
from tools.models import McpSource, Tool
from tools.serializers import McpSourceChangeSerializer
from tools.services import change_source, choose_tools, create_source, discover_tools
from tools.specs import sources_of


def _source(request: MemberRequest, source_id: str) -> McpSource:
    return get_object_or_404(sources_of(request.organisation), pk=source_id)


@require_http_methods(["GET", "POST"])
@member_page("edit_tools")
def new_source(request: MemberRequest) -> HttpResponse:
    form = SourceForm(request.POST or None)
    if request.method == "POST" and (values := _valid(form, None)) is not None:
        source = create_source(organisation=request.organisation, values=values)
        return redirect("tools:source", request.organisation.slug, source.pk)
    return _page(request, None, form)


@require_http_methods(["GET", "POST"])
@member_page()
def source_page(request: MemberRequest, source_id: str) -> HttpResponse:
    source = _source(request, source_id)
    if request.method == "GET" or not may(request.membership.role, "edit_tools"):
        return _page(request, source, SourceForm(initial=initial_of_source(source), source=source))
    form = SourceForm(request.POST, initial=initial_of_source(source), source=source)
    if (values := _valid(form, source)) is not None and _changed(form, source, values):
        messages.success(request, _("Saved."))
        return redirect("tools:source", request.organisation.slug, source.pk)
    return _page(request, source, form)


@require_POST
@member_page("edit_tools")
def ask_again(request: MemberRequest, source_id: str) -> HttpResponse:
    source = _source(request, source_id)
    try:
        discover_tools(source=source)
    except ApiProblem as error:
        messages.error(request, error.message)
    return redirect("tools:source", request.organisation.slug, source.pk)


@require_POST
@member_page("edit_tools")
def choose(request: MemberRequest, source_id: str) -> HttpResponse:
    source = _source(request, source_id)
    try:
        chosen = choose_tools(source=source, names=request.POST.getlist("tools"))
    except ApiProblem as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Agents may use %d of its tools.") % len(chosen))
    return redirect("tools:source", request.organisation.slug, source.pk)


@require_POST
@member_page("edit_tools")
def delete(request: MemberRequest, source_id: str) -> HttpResponse:
    source = _source(request, source_id)
    source.delete()
    messages.success(request, _("The MCP server %s and its tools are deleted.") % source.name)
    return redirect("tools:list", request.organisation.slug)


def _changed(form: SourceForm, source: McpSource, values: dict[str, object]) -> bool:
    try:
        change_source(source=source, changes=values)
    except ValidationError as error:
        form.take_errors(error.detail)
        return False
    return True


def _valid(form: SourceForm, source: McpSource | None) -> dict[str, object] | None:
    if not form.is_valid():
        return None
    values = {**form.cleaned_data}
    values["secret_headers"] = form.secret_changes(source.secret_headers if source else {})
    values.pop("forget")
    serializer = McpSourceChangeSerializer(data=values)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        form.take_errors(error.detail)
        return None
    return dict(serializer.validated_data)


def _page(request: MemberRequest, source: McpSource | None, form: SourceForm) -> HttpResponse:
    may_edit = may(request.membership.role, "edit_tools")
    if not may_edit:
        for field in form.fields.values():
            field.disabled = True
    chosen = Tool.objects.of(request.organisation).filter(source=source) if source else []
    context = {
        "source": source,
        "form": form,
        "may_edit": may_edit,
        "chosen": {tool.remote_name: tool for tool in chosen},
        "secret_names": list(source.secret_headers) if source else [],
    }
    return render(request, "tools/source.html", context, status=422 if form.is_bound and form.errors else 200)

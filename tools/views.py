"""The pages of tools: the list, the form, and trying one out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework.exceptions import ValidationError

from patter_site.accounts.pages import MemberRequest, member_page
from patter_site.accounts.roles import may
from patter_site.common.errors import ApiProblem
from tools.forms import ToolForm, TryForm, example_arguments, initial_of_tool
from tools.models import Tool
from tools.serializers import McpToolChangeSerializer, ToolChangeSerializer, ToolCreateSerializer
from tools.services import change_tool, create_tool, rotate_signing_secret, try_out
from tools.specs import sources_of, tools_of


def _tool(request: MemberRequest, tool_id: str) -> Tool:
    return get_object_or_404(tools_of(request.organisation), pk=tool_id)


def _may_edit(request: MemberRequest) -> bool:
    return may(request.membership.role, "edit_tools")


@require_GET
@member_page()
def tool_list(request: MemberRequest) -> HttpResponse:
    context = {
        "tools": list(tools_of(request.organisation).order_by("name")),
        "sources": list(sources_of(request.organisation).order_by("name")),
        "may_edit": _may_edit(request),
    }
    return render(request, "tools/list.html", context)


@require_http_methods(["GET", "POST"])
@member_page("edit_tools")
def new_tool(request: MemberRequest) -> HttpResponse:
    form = ToolForm(request.POST or None, initial=initial_of_tool(None))
    if request.method == "POST" and form.is_valid():
        values = {**form.cleaned_data, "secret_headers": form.secret_changes({})}
        values.pop("forget")
        try:
            serializer = ToolCreateSerializer(data=values)
            serializer.is_valid(raise_exception=True)
            tool = create_tool(organisation=request.organisation, values=serializer.validated_data)
        except ValidationError as error:
            form.take_errors(error.detail)
        except ApiProblem as error:
            form.add_error("name", error.message)
        else:
            return _page(request, tool, secret=tool.signing_secret)
    return render(request, "tools/form.html", {"form": form, "may_edit": True}, status=_status(form))


@require_http_methods(["GET", "POST"])
@member_page()
def tool_page(request: MemberRequest, tool_id: str) -> HttpResponse:
    tool = _tool(request, tool_id)
    if request.method == "GET" or not _may_edit(request):
        return _page(request, tool)
    form = ToolForm(request.POST, initial=initial_of_tool(tool), tool=tool)
    if form.is_valid() and _changed(form, tool):
        messages.success(request, _("Saved. Calls that begin from now on use it."))
        return redirect("tools:tool", request.organisation.slug, tool.pk)
    return _page(request, tool, form=form)


def _changed(form: ToolForm, tool: Tool) -> bool:
    mcp = tool.kind == Tool.Kind.MCP
    values: dict[str, Any] = {name: value for name, value in form.cleaned_data.items() if name != "name"}
    if not mcp:
        values["secret_headers"] = form.secret_changes(tool.secret_headers)
        values.pop("forget")
    serializer = (McpToolChangeSerializer if mcp else ToolChangeSerializer)(data=values, partial=True)
    try:
        serializer.is_valid(raise_exception=True)
        change_tool(tool=tool, changes=serializer.validated_data)
    except ValidationError as error:
        form.take_errors(error.detail)
        return False
    return True


@require_POST
@member_page("edit_tools")
def try_page(request: MemberRequest, tool_id: str) -> HttpResponse:
    """Really call the tool, and show the request and the answer."""
    tool = _tool(request, tool_id)
    trying = TryForm(request.POST)
    tried = None
    if trying.is_valid():
        try:
            tried = try_out(tool=tool, **trying.cleaned_data)
        except ApiProblem as error:
            trying.add_error("arguments", error.message)
    return _page(request, tool, trying=trying, tried=tried)


@require_POST
@member_page("edit_tools")
def rotate(request: MemberRequest, tool_id: str) -> HttpResponse:
    tool = _tool(request, tool_id)
    return _page(request, tool, secret=rotate_signing_secret(tool=tool))


@require_POST
@member_page("edit_tools")
def delete(request: MemberRequest, tool_id: str) -> HttpResponse:
    tool = _tool(request, tool_id)
    tool.delete()
    messages.success(request, _("The tool %s is deleted. Agents that name it go on without it.") % tool.name)
    return redirect("tools:list", request.organisation.slug)


def _page(
    request: MemberRequest,
    tool: Tool,
    *,
    form: ToolForm | None = None,
    trying: TryForm | None = None,
    tried: Any = None,
    secret: str = "",
) -> HttpResponse:
    form = form or ToolForm(initial=initial_of_tool(tool), tool=tool)
    if not _may_edit(request):
        for field in form.fields.values():
            field.disabled = True
    context = {
        "tool": tool,
        "form": form,
        "trying": trying or TryForm(initial={"arguments": example_arguments(tool.parameters)}),
        "tried": tried,
        "secret": secret,
        "secret_names": list(tool.secret_headers),
        "may_edit": _may_edit(request),
    }
    return render(request, "tools/form.html", context, status=_status(form, trying))


def _status(*forms: Any) -> int:
    return 422 if any(form is not None and form.is_bound and form.errors for form in forms) else 200

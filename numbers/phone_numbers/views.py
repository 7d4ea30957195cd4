"""The page of numbers: who answers which."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.selectors import agents_of
from patter_site.accounts.pages import MemberRequest, member_page
from patter_site.accounts.roles import may
from phone_numbers.selectors import numbers_of
from phone_numbers.services import change_number


@require_GET
@member_page()
def number_list(request: MemberRequest) -> HttpResponse:
    agents = list(agents_of(request.organisation).order_by("name"))
    context = {
        "numbers": list(numbers_of(request.organisation).order_by("number", "pk")),
        "agents": agents,
        "default": next((agent for agent in agents if agent.is_default), None),
        "may_edit": may(request.membership.role, "edit_numbers"),
    }
    return render(request, "numbers/list.html", context)


@require_POST
@member_page("edit_numbers")
def assign(request: MemberRequest, number_id: str) -> HttpResponse:
    """Choose who answers a number; empty means the organisation's default agent."""
    number = get_object_or_404(numbers_of(request.organisation), pk=number_id)
    wanted = request.POST.get("agent", "")
    agent = get_object_or_404(agents_of(request.organisation), pk=wanted) if wanted else None
    change_number(number=number, changes={"agent": agent})
    who = agent.name if agent else _("the default agent")
    messages.success(request, _("%(number)s is answered by %(who)s.") % {"number": number.number, "who": who})
    return redirect("numbers:list", request.organisation.slug)

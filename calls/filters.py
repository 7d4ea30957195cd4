"""The filters of the list of calls. A value that cannot be right is a 400, not an empty list."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from agents.models import Agent
from calls.models import Call
from calls.search import search_calls
from patter_site.accounts.models import Organisation
from patter_site.common.e164 import NotANumber, checked_e164
from patter_site.common.errors import ValidationProblem
from phone_numbers.models import PhoneNumber


def filtered_calls(
    calls: QuerySet[Call], asked: Mapping[str, str], organisation: Organisation
) -> QuerySet[Call]:
    """The calls that all the given filters let through. Raises ValidationProblem."""
    if statuses := _words(asked, "status", Call.Status.values):
        calls = calls.filter(status__in=statuses)
    if directions := _words(asked, "direction", Call.Direction.values):
        calls = calls.filter(direction__in=directions)
    if agent := asked.get("agent"):
        if not Agent.objects.of(organisation).filter(pk=agent).exists():
            raise _wrong("agent", "There is no such agent.")
        calls = calls.filter(agent_id=agent)
    if number := asked.get("number"):
        calls = calls.filter(_of_number(organisation, number))
    if caller := asked.get("from"):
        calls = calls.filter(from_number=_party("from", caller))
    if callee := asked.get("to"):
        calls = calls.filter(to_number=_party("to", callee))
    return search_calls(calls, asked.get("q", ""))


def _words(asked: Mapping[str, str], name: str, known: list[str]) -> list[str]:
    words = [word for word in asked.get(name, "").split(",") if word]
    for word in words:
        if word not in known:
            raise _wrong(name, f"{word!r} is unknown. Possible: {', '.join(known)}.")
    return words


def _of_number(organisation: Organisation, number: str) -> Q:
    """By the id of one of our numbers, or by the number itself on either side."""
    if number.startswith("num_"):
        if not PhoneNumber.objects.of(organisation).filter(pk=number).exists():
            raise _wrong("number", "There is no such number.")
        return Q(number_id=number)
    party = _party("number", number)
    return Q(from_number=party) | Q(to_number=party)


def _party(name: str, text: str) -> str:
    """A number in E.164 (a + in an address may have become a blank); anything else as it stands."""
    text = text.strip()
    if not text.replace("+", "").isdigit():
        return text
    try:
        return checked_e164("+" + text.lstrip("+"))
    except NotANumber as error:
        raise _wrong(name, str(error)) from None


def _wrong(name: str, sentence: str) -> ValidationProblem:
    return ValidationProblem(f"{name}: {sentence}", fields={name: [sentence]})

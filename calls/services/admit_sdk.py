"""Who may open ``/ws/sdk``, and what they answer for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache

from agents.selectors import agents_of
from calls.sdk.addresses import connection_group, is_connection_id
from calls.sdk.door import Names
from patter_site.accounts.authentication import presented_key
from patter_site.accounts.models import Organisation
from patter_site.accounts.services.api_keys import KeyRefused, note_use, verify_api_key
from patter_site.common.e164 import NotANumber, checked_e164
from patter_site.common.errors import NotAllowed
from phone_numbers.selectors import account_for_number

SCOPE = "calls:write"
MOST_NAMES = 100
REMEMBERED_S = 90
"""A connection is known this long after it was last heard of; a client may come back for a minute."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """``complaints``: names that cannot be meant, as (code, sentence). They cost nobody the connection."""

    organisation: Organisation
    names: Names
    complaints: Sequence[tuple[str, str]] = field(default_factory=tuple)


def admit(headers: Mapping[str, str], query: Mapping[str, Sequence[str]]) -> Admitted:
    """Prove the key and read ``?number=&agent=``. Raises KeyRefused and NotAllowed."""
    presented = presented_key(headers)
    if not presented:
        raise KeyRefused("Send your API key in the header X-API-Key.", code="api_key_missing")
    grant = verify_api_key(presented)
    if SCOPE not in grant.scopes:
        raise NotAllowed(f"This key lacks the scope {SCOPE}.", code="scope_missing")
    note_use(grant.key)
    return _named(grant.organisation, query)


def _named(organisation: Organisation, query: Mapping[str, Sequence[str]]) -> Admitted:
    # A name that cannot be meant stays a name: whoever misspells a number must not get every call.
    numbers, agents = set(), set()
    complaints = []
    for kind in ("number", "agent"):
        if len(query.get(kind, ())) > MOST_NAMES:
            complaints.append(("too_many_names", f"Only the first {MOST_NAMES} of {kind}= count."))
    for given in list(query.get("number", ()))[:MOST_NAMES]:
        try:
            number = checked_e164(given if given.startswith("+") else f"+{given.strip()}")
        except NotANumber as error:
            complaints.append(("number_invalid", str(error)))
            numbers.add(given)
            continue
        numbers.add(number)
        if not account_for_number(organisation, number).exists():
            complaints.append(("number_unknown", f"{number} is not one of your numbers."))
    for agent_id in list(query.get("agent", ()))[:MOST_NAMES]:
        agents.add(agent_id)
        if "\x00" in agent_id:
            complaints.append(("agent_unknown", "An agent's id has no NUL in it."))
            continue
        if not agents_of(organisation).filter(pk=agent_id).exists():
            complaints.append(("agent_unknown", f"There is no agent {agent_id!r}."))
    return Admitted(organisation, Names(frozenset(numbers), frozenset(agents)), complaints)


def remember_connection(organisation_id: str, connection_id: str) -> None:
    """For a client that comes back, perhaps to another process."""
    cache.set(connection_group(organisation_id, connection_id), 1, REMEMBERED_S)


def is_remembered(organisation_id: str, connection_id: str) -> bool:
    """Whether the organisation had this connection a while ago."""
    return is_connection_id(connection_id) and bool(
        cache.get(connection_group(organisation_id, connection_id))
    )

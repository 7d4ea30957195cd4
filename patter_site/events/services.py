"""The outbox: an event is written in the transaction of what happened, or not at all."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from patter_site.accounts.models import Organisation
from patter_site.events.catalogue import CATALOGUE
from patter_site.events.models import Event


class UnknownEvent(ValueError):
    """The type is not in the catalogue, or its data lacks what the schema promises."""


def record_event(
    *, organisation: Organisation | str, type: str, subject: Model, data: dict[str, Any]
) -> Event:
    """Write an event about ``subject``. ``due_at`` stays empty until somebody is to be told.

    Raises UnknownEvent: a promise to customers is broken here rather than at their door.
    """
    schema = CATALOGUE.get(type)
    if schema is None:
        raise UnknownEvent(f"{type} is not in the catalogue of events.")
    if missing := [name for name in schema["required"] if name not in data]:
        raise UnknownEvent(f"{type} needs {', '.join(missing)}.")
    event: Event = Event.objects.create(
        organisation_id=organisation if isinstance(organisation, str) else organisation.pk,
        type=type,
        subject_type=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        data=data,
    )
    return event

"""The base of every API view: one organisation, its rows, and the scopes that a key needs.

class AgentViewSet(IdempotentCreateMixin, ListModelMixin, OrganisationViewSet):
    model = Agent
    scopes = {"GET": "agents:read", "*": "agents:write"}
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.serializers import PrimaryKeyRelatedField
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from patter_site.common.errors import ValidationProblem
from patter_site.common.requests import OrganisationRequest


def rows_of(model: Any, organisation: Any) -> QuerySet[Any]:
    """The rows of a tenant's table that belong to the organisation."""
    rows: QuerySet[Any] = model.objects.of(organisation)
    return rows


class OrganisationView(APIView):
    """``request.organisation`` is the key's. Without ``scopes`` nobody may use a view.

    ``scopes`` maps the name of an action, else a method, else ``*``, to the scope it needs.
    """

    scopes: ClassVar[dict[str, str]] = {}
    request: OrganisationRequest

    @property
    def organisation(self) -> Any:
        """The Organisation whose key this is."""
        return self.request.organisation

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        if request.method == "POST" and "Idempotency-Key" in request.headers:
            # Read before parsing: afterwards the bytes are gone.
            request.body_for_hash = request.body
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, value in request.query_params.items():
            if "\x00" in name or "\x00" in value:
                raise ValidationProblem("The address holds a NUL character.")


class OrganisationViewSet(OrganisationView, GenericViewSet[Any]):
    """Reads ``model`` inside the organisation only, so that another's object is not found."""

    model: ClassVar[type[Model]]
    lookup_value_regex = "[A-Za-z0-9_]+"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return rows_of(self.model, self.organisation)


class ScopedRelatedField(PrimaryKeyRelatedField[Any]):
    """A row of the same organisation: ``agent = ScopedRelatedField(Agent, allow_null=True)``."""

    default_error_messages = {
        "does_not_exist": "There is nothing of yours with the id {pk_value!r}.",
        "incorrect_type": "Give an id, as a text.",
    }

    def __init__(self, model: type[Model], **options: Any) -> None:
        self.model = model
        if not options.get("read_only"):
            options["queryset"] = model._default_manager.none()
        super().__init__(**options)

    def get_queryset(self) -> QuerySet[Any]:
        request = self.context.get("request")
        organisation = getattr(request, "organisation", None) or self.context.get("organisation")
        if organisation is None:
            return self.model._default_manager.none()
        return rows_of(self.model, organisation)

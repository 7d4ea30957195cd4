"""A small API of its own for the tests of this room."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import CharField, ModelSerializer

from patter_site import urls
from patter_site.accounts.models import AuditEntry
from patter_site.common.errors import Conflict
from patter_site.common.idempotent_views import IdempotentCreateMixin, idempotent
from patter_site.common.routing import ApiRouter
from patter_site.common.views import OrganisationView, OrganisationViewSet, ScopedRelatedField


class NoteSerializer(ModelSerializer[AuditEntry]):
    about = ScopedRelatedField(AuditEntry, required=False, write_only=True)
    secret = CharField(read_only=True, default="only once")

    class Meta:
        model = AuditEntry
        fields = ["id", "action", "about", "secret"]


class NoteViewSet(IdempotentCreateMixin, ListModelMixin, RetrieveModelMixin, OrganisationViewSet):
    model = AuditEntry
    serializer_class = NoteSerializer
    scopes = {"GET": "agents:read", "*": "agents:write"}
    secret_fields = ("secret",)

    def perform_create(self, serializer: Any) -> None:
        serializer.validated_data.pop("about", None)
        serializer.save(organisation=self.organisation)
        match serializer.validated_data["action"]:
            case "crash":
                raise RuntimeError("a bug")
            case "refuse":
                raise Conflict("Not now.", code="gone", status=410)


class CrashView(OrganisationView):
    scopes = {"*": "admin"}

    @idempotent(atomic=False)
    def post(self, request: Request) -> Response:
        raise RuntimeError("a bug")


router = ApiRouter()
router.register("notes", NoteViewSet, basename="note")
tested = [path("", include(router.urls)), path("crash", CrashView.as_view())]
urlpatterns = [path("api/v1/", include(tested)), *urls.urlpatterns]
handler404 = urls.handler404
handler500 = urls.handler500

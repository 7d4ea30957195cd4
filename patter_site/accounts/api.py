"""REST doors: ``api-keys``, ``members``, ``audit-entries``. All need the scope ``admin``."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from patter_site.accounts import selectors
from patter_site.accounts.models import ApiKey, AuditEntry, Membership, Role
from patter_site.accounts.serializers import (
    AddMemberSerializer,
    ApiKeySerializer,
    AuditEntrySerializer,
    ChangeRoleSerializer,
    CreateApiKeySerializer,
    CreatedApiKeySerializer,
    MemberSerializer,
)
from patter_site.accounts.services.api_keys import create_api_key, revoke_api_key
from patter_site.accounts.services.members import add_member, change_role, remove_member
from patter_site.common.idempotent_views import idempotent
from patter_site.common.requests import OrganisationRequest
from patter_site.common.views import OrganisationViewSet


def checked(serializer: Any, request: OrganisationRequest) -> dict[str, Any]:
    """The values of a body. Raises the validation error that the client sees."""
    given = serializer(data=request.data, context={"request": request})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class ApiKeyViewSet(ListModelMixin, RetrieveModelMixin, OrganisationViewSet):
    """Keys for programs. Deleting one revokes it; the row stays as evidence."""

    model = ApiKey
    serializer_class = ApiKeySerializer
    scopes: ClassVar[dict[str, str]] = {"*": "admin"}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("created_by")

    @extend_schema(request=CreateApiKeySerializer, responses={201: CreatedApiKeySerializer})
    @idempotent(secrets=("key",))
    def create(self, request: OrganisationRequest) -> Response:
        values = checked(CreateApiKeySerializer, request)
        grant = request.auth
        key, secret = create_api_key(
            organisation=self.organisation,
            name=values["name"],
            scopes=values.get("scopes") or grant.scopes,
            allowed_scopes=grant.scopes,
            created_by=grant.key.created_by,
            expires_at=values.get("expires_at"),
            actor=request.user,
        )
        return Response({**ApiKeySerializer(key).data, "key": secret}, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: OrganisationRequest, pk: str) -> Response:
        revoke_api_key(key=self.get_object(), actor=request.user)
        return Response(status=204)


class MemberViewSet(ListModelMixin, RetrieveModelMixin, OrganisationViewSet):
    """People and their roles. The last owner stays."""

    model = Membership
    serializer_class = MemberSerializer
    scopes: ClassVar[dict[str, str]] = {"*": "admin"}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("user", "organisation")

    @property
    def by_role(self) -> str:
        """The role that a key acts with: its maker's. One that no person made acts as an owner."""
        maker = self.request.auth.key.created_by_id
        found = selectors.members_of(self.organisation).filter(user_id=maker).first() if maker else None
        return found.role if found else Role.OWNER

    @extend_schema(request=AddMemberSerializer, responses={201: MemberSerializer})
    @idempotent()
    def create(self, request: OrganisationRequest) -> Response:
        values = checked(AddMemberSerializer, request)
        member = add_member(
            organisation=self.organisation, **values, actor=request.user, by_role=self.by_role
        )
        return Response(MemberSerializer(member).data, status=201)

    @extend_schema(request=ChangeRoleSerializer, responses=MemberSerializer)
    def partial_update(self, request: OrganisationRequest, pk: str) -> Response:
        values = checked(ChangeRoleSerializer, request)
        member = change_role(membership=self.get_object(), **values, actor=request.user, by_role=self.by_role)
        return Response(MemberSerializer(member).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: OrganisationRequest, pk: str) -> Response:
        remove_member(membership=self.get_object(), actor=request.user, by_role=self.by_role)
        return Response(status=204)


class AuditEntryViewSet(ListModelMixin, RetrieveModelMixin, OrganisationViewSet):
    """Who did what, newest first."""

    model = AuditEntry
    serializer_class = AuditEntrySerializer
    scopes: ClassVar[dict[str, str]] = {"*": "admin"}

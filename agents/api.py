"""``/api/v1/agents`` and ``/api/v1/provider-credentials``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agents.convai import check_convai, provision_convai
from agents.models import Agent, ProviderCredential
from agents.selectors import credentials_of, published_config, published_configs, versions_of
from agents.serializers import (
    AgentChangeSerializer,
    AgentCreateSerializer,
    AgentSerializer,
    AgentVersionSerializer,
    ConvaiCheckSerializer,
    CredentialChangeSerializer,
    CredentialCreateSerializer,
    CredentialSerializer,
    PublishSerializer,
    agent_body,
    convai_body,
)
from agents.services import (
    archive_agent,
    change_credential,
    change_draft,
    create_agent,
    create_credential,
    make_default,
    publish_agent,
    restore_version,
)
from patter_site.accounts.models import User
from patter_site.common.errors import ValidationProblem
from patter_site.common.idempotent_views import idempotent
from patter_site.common.views import OrganisationViewSet


class AgentViewSet(OrganisationViewSet):
    """Who answers. PATCH edits the draft; calls use the published version."""

    model = Agent
    serializer_class = AgentSerializer
    scopes = {"GET": "agents:read", "*": "agents:write"}

    def get_queryset(self) -> QuerySet[Agent]:
        return super().get_queryset().filter(archived_at=None)

    def list(self, request: Request) -> Response:
        """The agents, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        configs = published_configs(page)
        return self.get_paginated_response([agent_body(agent, configs[agent.pk]) for agent in page])

    @extend_schema(request=AgentCreateSerializer, responses={201: AgentSerializer})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Create an agent and publish its version 1 (unless ``draft`` is true)."""
        config = _fields(request)
        flags = {name: _flag(name, config.pop(name, False)) for name in ("draft", "is_default")}
        agent = create_agent(organisation=self.organisation, config=config, by=_person(request), **flags)
        return Response(_body(agent), status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One agent, with its published configuration and its draft."""
        return Response(_body(self.get_object()))

    @extend_schema(request=AgentChangeSerializer, responses=AgentSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the draft. No call is affected until it is published."""
        agent, changes = self.get_object(), _fields(request)
        if _flag("is_default", changes.pop("is_default", False)):
            agent = make_default(agent=agent)
        return Response(_body(change_draft(agent=agent, changes=changes)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an agent out of use. Its numbers fall to the default agent."""
        archive_agent(agent=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=PublishSerializer, responses=AgentSerializer)
    @action(detail=True, methods=["post"])
    @idempotent()
    def publish(self, request: Request, pk: str) -> Response:
        """Freeze the draft as the next version. Calls that begin from now on use it."""
        serializer = PublishSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        agent = publish_agent(agent=self.get_object(), by=_person(request), **serializer.validated_data)
        return Response(_body(agent))

    @extend_schema(responses=AgentVersionSerializer(many=True))
    @action(detail=True, methods=["get"])
    def versions(self, request: Request, pk: str) -> Response:
        """Every published version, newest first."""
        page = self.paginate_queryset(versions_of(self.get_object()))
        return self.get_paginated_response(AgentVersionSerializer(page, many=True).data)

    @extend_schema(request=None, responses=AgentSerializer)
    @action(detail=True, methods=["post"], url_path=r"versions/(?P<number>[0-9]{1,6})/restore")
    @idempotent()
    def restore(self, request: Request, pk: str, number: str) -> Response:
        """Copy an old version into the draft. Publish it to use it."""
        return Response(_body(restore_version(agent=self.get_object(), number=int(number))))

    @extend_schema(request=None, responses=ConvaiCheckSerializer)
    @action(detail=True, methods=["post"], url_path="convai/check")
    def convai_check(self, request: Request, pk: str) -> Response:
        """Look whether the draft's ElevenLabs agent is set up as calls need it. Changes nothing."""
        checked = check_convai(agent=self.get_object(), base_url=_base_of(request))
        return Response(convai_body(checked))

    @extend_schema(request=None, responses=ConvaiCheckSerializer)
    @action(detail=True, methods=["post"], url_path="convai/provision")
    @idempotent()
    def convai_provision(self, request: Request, pk: str) -> Response:
        """Set the draft's ElevenLabs agent up, or make one. Doing it again changes nothing."""
        checked = provision_convai(agent=self.get_object(), base_url=_base_of(request))
        return Response(convai_body(checked))


class ProviderCredentialViewSet(OrganisationViewSet):
    """Keys of speech, voice and model providers. Secrets never come back."""

    model = ProviderCredential
    serializer_class = CredentialSerializer
    scopes = {"*": "admin"}

    def get_queryset(self) -> QuerySet[ProviderCredential]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return credentials_of(self.organisation)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(CredentialSerializer(page, many=True).data)

    @extend_schema(request=CredentialCreateSerializer, responses={201: CredentialSerializer})
    @idempotent()
    def create(self, request: Request) -> Response:
        """Store a key. The newest one of a provider is used."""
        serializer = CredentialCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        credential = create_credential(organisation=self.organisation, **serializer.validated_data)
        return Response(CredentialSerializer(credential).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(CredentialSerializer(self.get_object()).data)

    @extend_schema(request=CredentialChangeSerializer, responses=CredentialSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Replace the key, its address or its name."""
        serializer = CredentialChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        credential = change_credential(credential=self.get_object(), changes=serializer.validated_data)
        return Response(CredentialSerializer(credential).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _base_of(request: Request) -> str:
    """Where this request came in: while developing, what stands in for the public address."""
    return f"{request.scheme}://{request.get_host()}" if settings.DEBUG else ""


def _body(agent: Agent) -> dict[str, Any]:
    return agent_body(agent, published_config(agent))


def _person(request: Request) -> User | None:
    """The person behind the key, if there is one."""
    actor: Any = request.user
    return actor.user


def _fields(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationProblem("Send a JSON object.")
    return dict(request.data)


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    sentence = "This is true or false."
    raise ValidationProblem(f"{name}: {sentence}", fields={name: [sentence]})

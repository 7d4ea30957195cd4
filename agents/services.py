"""Writing agents. A draft is edited; a version is frozen; a call uses a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents.config import validated_config
from agents.errors import AgentArchived, DefaultAgentStays, NoSuchVersion, VersionMoved
from agents.models import Agent, AgentVersion, Owner, ProviderCredential
from agents.phrases import want_phrases
from agents.selectors import version_of
from patter_site.accounts.models import Organisation, User
from tools.specs import without_deleted

DEFAULT_AGENT_NAME = "Default agent"


@transaction.atomic
def create_agent(
    *,
    organisation: Organisation,
    config: Mapping[str, Any],
    draft: bool = False,
    is_default: bool = False,
    by: User | None = None,
) -> Agent:
    """Create an agent and publish its version 1, unless it is to stay a draft.

    Raises DRF's ValidationError for a configuration that cannot work.
    """
    checked = validated_config(config, organisation)
    if is_default:
        _no_default(organisation)
    agent = Agent.objects.create(
        organisation=organisation, name=checked["name"], draft=checked, is_default=is_default
    )
    if not draft:
        _publish(agent, by)
    return agent


@transaction.atomic
def change_draft(*, agent: Agent, changes: Mapping[str, Any]) -> Agent:
    """Replace the given fields of the draft. Calls keep to the published version."""
    agent = _locked(agent)
    agent.draft = validated_config({**_draft(agent), **changes}, agent.organisation)
    agent.name = agent.draft["name"]
    agent.save(update_fields=["draft", "name", "updated_at"])
    return agent


_ANY = object()


@transaction.atomic
def publish_agent(*, agent: Agent, base_version: int | None | object = _ANY, by: User | None = None) -> Agent:
    """Freeze the draft as the next version; calls that begin from now on use it.

    ``base_version`` is the published version that the caller looked at (None: there was none); raises
    VersionMoved when another one was published since. Left out, it is not compared.
    """
    agent = _locked(agent)
    if base_version is not _ANY and base_version != agent.published_version:
        raise VersionMoved(agent.published_version)
    agent.draft = validated_config(_draft(agent), agent.organisation)
    _publish(agent, by)
    return agent


@transaction.atomic
def restore_version(*, agent: Agent, number: int) -> Agent:
    """Copy an old version into the draft. Publishing it is a step of its own. Raises NoSuchVersion."""
    agent = _locked(agent)
    version = version_of(agent, number)
    if version is None:
        raise NoSuchVersion(number)
    agent.draft = version.config
    agent.name = agent.draft["name"]
    agent.save(update_fields=["draft", "name", "updated_at"])
    return agent


@transaction.atomic
def archive_agent(*, agent: Agent) -> None:
    """Take an agent out of use. Its calls and versions stay, and its numbers fall to the default agent."""
    agent = _locked(agent)
    if agent.is_default:
        raise DefaultAgentStays()
    agent.archived_at = timezone.now()
    agent.save(update_fields=["archived_at", "updated_at"])


@transaction.atomic
def make_default(*, agent: Agent) -> Agent:
    """Let this agent answer the numbers that name none."""
    agent = _locked(agent)
    _no_default(agent.organisation)
    agent.is_default = True
    agent.save(update_fields=["is_default", "updated_at"])
    return agent


@transaction.atomic
def ensure_default_agent(*, organisation: Organisation, config: Mapping[str, Any] | None = None) -> Agent:
    """The organisation's default agent, created (pipeline, handler) when there is none yet."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    found = Agent.objects.of(organisation).filter(is_default=True).first()
    if found:
        return found
    return create_agent(
        organisation=organisation, config={"name": DEFAULT_AGENT_NAME, **(config or {})}, is_default=True
    )


def create_credential(
    *, organisation: Organisation, provider: str, api_key: str = "", base_url: str = "", name: str = ""
) -> ProviderCredential:
    """Keep a provider's key for an organisation, encrypted."""
    return ProviderCredential.objects.create(
        organisation=organisation,
        owner=Owner.ORGANISATION,
        provider=provider,
        api_key=api_key,
        base_url=base_url,
        name=name,
    )


def change_credential(*, credential: ProviderCredential, changes: Mapping[str, str]) -> ProviderCredential:
    """Replace a credential's key, address or name."""
    for field, value in changes.items():
        setattr(credential, field, value)
    credential.save()
    return credential


def _publish(agent: Agent, by: User | None) -> None:
    newest = AgentVersion.objects.of(agent.organisation_id).filter(agent=agent).order_by("-number").first()
    number = (newest.number if newest else 0) + 1
    version = AgentVersion.objects.create(
        organisation_id=agent.organisation_id, agent=agent, number=number, config=agent.draft, created_by=by
    )
    agent.published_version = number
    agent.save(update_fields=["published_version", "draft", "updated_at"])
    want_phrases(version)


def _draft(agent: Agent) -> dict[str, Any]:
    """The draft without tools that were deleted since: they must not keep the rest from being saved."""
    tools = without_deleted(agent.organisation_id, agent.draft.get("tools", ()))
    return {**agent.draft, "tools": tools}


def _locked(agent: Agent) -> Agent:
    locked = Agent.objects.of(agent.organisation_id).select_for_update().get(pk=agent.pk)
    if locked.archived_at:
        raise AgentArchived()
    return locked


def _no_default(organisation: Organisation) -> None:
    Agent.objects.of(organisation).filter(is_default=True).update(is_default=False)

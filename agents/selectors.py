"""Reading agents, their versions and the credentials that they may use."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from agents.models import Agent, AgentVersion, Owner, ProviderCredential
from patter_site.accounts.models import Organisation


def agents_of(organisation: Organisation | str) -> QuerySet[Agent]:
    """The agents that are not deleted."""
    return Agent.objects.of(organisation).filter(archived_at=None)


def versions_of(agent: Agent) -> QuerySet[AgentVersion]:
    """Every version of an agent, newest first."""
    return AgentVersion.objects.of(agent.organisation_id).filter(agent=agent)


def version_of(agent: Agent, number: int | None = None) -> AgentVersion | None:
    """One version; without a number the published one. None when there is no such version."""
    number = number if number is not None else agent.published_version
    return versions_of(agent).filter(number=number).first() if number is not None else None


def published_config(agent: Agent) -> dict[str, Any]:
    """The published configuration; of an agent that was never published, its draft."""
    version = version_of(agent)
    return version.config if version else agent.draft


def published_configs(agents: list[Agent]) -> dict[str, dict[str, Any]]:
    """The same for a page of agents in one query, by agent id."""
    if not agents:
        return {}
    wanted = {agent.pk: agent.published_version for agent in agents}
    versions = AgentVersion.objects.of(agents[0].organisation_id).filter(
        agent__in=list(wanted), number__in={number for number in wanted.values() if number}
    )
    found = {row.agent_id: row.config for row in versions if wanted[row.agent_id] == row.number}
    return {agent.pk: found.get(agent.pk, agent.draft) for agent in agents}


def credentials_of(organisation: Organisation | str) -> QuerySet[ProviderCredential]:
    """The organisation's own credentials. Those of the platform are nobody's to read."""
    return ProviderCredential.objects.of(organisation).filter(owner=Owner.ORGANISATION)


def credential_for(organisation: Organisation | str, provider: str) -> ProviderCredential | None:
    """The credential that a call uses: the organisation's newest, else the platform's newest."""
    own = credentials_of(organisation).filter(provider=provider).order_by("-id").first()
    return own or _platform_credentials().filter(provider=provider).order_by("-id").first()


def _platform_credentials() -> QuerySet[ProviderCredential]:
    rows = ProviderCredential.objects.unscoped("credentials of the platform serve every organisation")
    return rows.filter(owner=Owner.PLATFORM)

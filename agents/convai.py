"""The ElevenLabs agent behind an agent in convai mode: checked, or set up, when somebody asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings

from agents.errors import AgentNotReady
from agents.models import Agent
from agents.plan import CallWishes, resolve_plan
from agents.reply_keys import reply_key, reply_url
from agents.services import change_draft
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.engines.convai.provision import Account, Provisioned
from patter.engines.convai.wanted_agent import Finding, Wanted
from patter.engines.web import close_clients
from patter.errors import EngineError
from patter_site.common.errors import ApiProblem, Conflict

NEW = "new"
T = TypeVar("T")


class ConvaiRefused(ApiProblem):
    """ElevenLabs refused, or could not be reached."""

    status = 502
    code = "provider_refused"


class NotConvai(Conflict):
    code = "mode_not_convai"
    message = "This agent's mode is not 'convai'. Change the draft's mode first."


class NoPublicAddress(Conflict):
    code = "public_url_missing"
    message = (
        "ElevenLabs could not reach this installation for the replies of your program. "
        "Set PATTER_PUBLIC_URL to its https address."
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """``findings``: what has to be changed by hand; ``changed``: what was changed just now."""

    convai_agent_id: str
    findings: Sequence[Finding] = ()
    changed: Sequence[Finding] = ()
    created: bool = False


@dataclass(frozen=True, slots=True)
class _Draft:
    plan: CallPlan
    speech: ProviderSpec
    wanted: Wanted
    config: Mapping[str, Any] = field(repr=False)


def check_convai(*, agent: Agent, base_url: str = "") -> Checked:
    """What has to be changed in the ElevenLabs agent of the draft. Changes nothing.

    ``base_url``: where this installation is reached, when PATTER_PUBLIC_URL does not say it.
    Raises AgentNotReady, NotConvai, NoPublicAddress and ConvaiRefused.
    """
    draft = _draft_of(agent, base_url)
    agent_id = str(draft.config.get("convai_agent_id") or "")
    if not agent_id:
        raise AgentNotReady(
            "convai_agent_missing", "There is no ElevenLabs agent yet. Set one up, or enter its id."
        )
    found = _ask(draft.speech, lambda account: account.check(agent_id, draft.wanted))
    return Checked(agent_id, found)


def provision_convai(*, agent: Agent, base_url: str = "") -> Checked:
    """Set up the ElevenLabs agent of the draft, or make one and note its id in the draft.

    Doing it again changes nothing. Raises as ``check_convai`` does.
    """
    draft = _draft_of(agent, base_url)
    agent_id = str(draft.config.get("convai_agent_id") or "")
    done: Provisioned = _ask(draft.speech, lambda account: account.provision(agent_id, draft.wanted))
    if done.created:
        change_draft(agent=agent, changes={"convai_agent_id": done.agent_id})
    return Checked(done.agent_id, done.left, done.changed, done.created)


def _draft_of(agent: Agent, base_url: str) -> _Draft:
    config = agent.draft
    if config.get("mode") != "convai":
        raise NotConvai()
    possible = {**config, "convai_agent_id": config.get("convai_agent_id") or NEW}
    plan = resolve_plan(agent, CallWishes(call_id=""), config=possible).plan
    assert plan.speech is not None, "resolve_plan saw to it"
    return _Draft(plan, plan.speech, _wanted_of(agent, plan, config, base_url), config)


def _wanted_of(agent: Agent, plan: CallPlan, config: Mapping[str, Any], base_url: str) -> Wanted:
    by_handler = plan.reply_by == "handler"
    base = settings.PATTER_PUBLIC_URL or base_url
    if by_handler and not base:
        raise NoPublicAddress()
    return Wanted(
        name=agent.name,
        language=plan.language,
        voice=config.get("voice") or "",
        keyterms=config.get("keyterms") or (),
        tools=() if by_handler else plan.tools,
        first_message_interruptible=plan.turn_taking.first_message_interruptible,
        max_duration_s=plan.turn_taking.max_duration_s,
        reply_url=reply_url(agent.pk, base) if by_handler else "",
        reply_key=reply_key(agent.pk) if by_handler else "",
    )


def _ask(spec: ProviderSpec, what: Callable[[Account], Awaitable[T]]) -> T:
    async def asked() -> T:
        try:
            return await what(Account(spec.api_key or "", spec.base_url))
        finally:
            await close_clients()

    try:
        return asyncio.run(asked())
    except EngineError as error:
        raise ConvaiRefused(f"ElevenLabs: {str(error).removeprefix('elevenlabs: ')}") from error

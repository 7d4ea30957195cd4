"""From a call's row to a session: what was published may not be possible any more."""

from __future__ import annotations

import asyncio

import pytest

from agents.models import AgentVersion
from agents.services import create_credential
from calls.adapters.call_log import LogWriter
from calls.assembly import NotReady, read_call
from calls.live import LiveCall
from calls.tests.cast import make_account, make_agent, make_call


def test_an_option_that_there_is_no_more_is_a_reason_and_not_a_silent_line(cast):
    create_credential(organisation=cast.organisation, provider="openai", api_key="sk-1")
    agent = make_agent(cast.organisation, mode="realtime", llm={"provider": "openai"}, tts=None, stt=None)
    version = AgentVersion.objects.of(cast.organisation).get(agent=agent)
    config = {**version.config, "llm": {"provider": "openai", "options": {"gone": 1}}}
    AgentVersion.objects.of(cast.organisation).filter(pk=version.pk).update(config=config)
    call = make_call(cast.organisation, agent=agent, carrier_account=make_account(cast.organisation))
    ready = read_call(call.pk)

    async def begin() -> None:
        LiveCall(ready, LogWriter())

    with pytest.raises(NotReady, match="no option 'gone'.*Change the agent") as refused:
        asyncio.run(begin())
    assert refused.value.code == "settings_unusable"

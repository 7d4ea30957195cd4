"""OpenAI fails in a call on Telnyx: within a word, and for good."""

from __future__ import annotations

import pytest

from patter.bridge.plan import Phrases
from patter.simulators.openai.hearing import Scripted
from patter.simulators.openai.realtime import Moment
from patter.simulators.script import HangUp, Listen, Say, Wait

from .at_telnyx import CALLER, NUMBER, phone_of

ASKED, REPLY = "what are your hours", "We open at nine in the morning, and we close at ten."
BOTH = pytest.mark.parametrize("reply_by", ["handler", "model"])


async def one_call(world, telnyx, reply_by, *steps):
    world.model.hear, world.model.answer = Scripted([ASKED]), lambda question: REPLY
    phone, ends = phone_of(world), []
    replies = {"on_message": lambda msg: REPLY} if reply_by == "handler" else {}
    await world.serve(phone, phone.agent(voice="alloy"), on_call_end=ends.append, **replies)
    leg = await telnyx.dial_in(NUMBER, CALLER, list(steps))
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert leg.complaints == [] == world.model.realtime.open_sessions
    return leg, ends[0]


@pytest.mark.supports("a provider that breaks within a word", mode="realtime", carrier="telnyx")
@BOTH
async def test_a_session_that_breaks_within_a_word_is_replaced(world, telnyx, reply_by):
    world.model.realtime.moments.add(Moment("response.output_audio.delta", skip=3, drop=True))
    _, end = await one_call(world, telnyx, reply_by, Say(ASKED, patience_ms=300), Wait(4000), HangUp())
    assert end["reason"] == "caller_hung_up"
    [asked, reply] = [turn["text"] for turn in end["history"]]
    assert asked == ASKED and reply.startswith("We open") and reply.endswith("at ten.")
    if reply_by == "handler":  # what was not read is read by the next session, and no word is lost
        assert reply == REPLY
    assert len(world.model.realtime.sessions) == 2


@pytest.mark.supports("a spoken apology when the provider is down", mode="realtime", carrier="telnyx")
@BOTH
async def test_an_account_without_money_is_apologised_for(world, telnyx, reply_by):
    world.model.realtime.moments.add(Moment("response.done", code="insufficient_quota"))
    leg, end = await one_call(world, telnyx, reply_by, Say(ASKED, patience_ms=300), Listen())
    assert end["reason"] == "provider_error"
    assert [fact.data["text"] for fact in leg.of_kind("carrier_said")] == [Phrases().apology]

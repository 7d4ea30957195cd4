"""What a call says for itself reaches everything that is said in it, in every mode, and no other call."""

from __future__ import annotations

import logging

import pytest

from patter import Agent, ConfigError, LlmConfig
from patter.local.plan import CallFacts, RecordingWish, plan_of
from patter.local.specs import Keys
from patter.options import CallOptions, LocalOptions
from patter.simulators.script import HangUp, Say, Wait
from patter.simulators.twilio.world import Phone

pytestmark = pytest.mark.usefixtures("unset")
KEYS = Keys(LocalOptions(deepgram_key="dg", elevenlabs_key="el", openai_key="sk"), {})
ADA, BEN = "+14155551234", "+14155554321"


def plan(agent, *, recording=None, params=None, **wishes):
    facts = CallFacts("call_1", "outbound", "+15550001", ADA, params or {})
    options = CallOptions(to=ADA, **wishes)
    return plan_of(agent, facts, KEYS, reply_by="model", wishes=options, recording=recording)


def test_an_elevenlabs_agent_is_told_the_variables_of_the_call():
    agent = Agent(
        convai_agent_id="agent_1", variables={"plan": "none", "seat": 4, "vip": True, "shop": "Acme"}
    )
    given = {"plan": "gold", "items": ["tea", "milk"], "debt": float("nan"), "nothing": None, "seat": 5}
    made = plan(agent, variables=given, params={"plan": "silver", "order": "7"})
    assert made.speech.options["dynamic_variables"] == {
        "plan": "gold",
        "seat": 5,
        "vip": True,
        "shop": "Acme",
        "items": "['tea', 'milk']",
        "debt": "nan",
        "order": "7",
    }


def test_a_name_without_a_value_is_told_wherever_it_would_be_said(caplog):
    agent = Agent("Be {a}.", first_message="Hi {b}, {known}.", mode="pipeline", variables={"known": "{e}"})
    with caplog.at_level(logging.WARNING, logger="patter"):
        plan(agent, voicemail_message="Call {c}.", recording=RecordingWish(True, "Recorded by {d}."))
        plan(agent, recording=RecordingWish(False, "Recorded by {never}."))
    named = [line.rpartition(" ")[2] for line in caplog.messages]
    assert named == ["{a}", "{b}", "{c}", "{d}", "{a}", "{b}"]


async def test_two_calls_at_once_have_their_own_agents_variables_and_messages(world):
    """An ElevenLabs agent carries one, the pipeline the other; each is told its own, and nothing crosses."""
    world.voice.convai.ways.utterances = ["who am I", "and where"]
    agent_id = world.voice.convai.add_agent()
    steps = (Say("who am I"), Wait(2500), HangUp())
    for number in (ADA, BEN):
        world.twilio.add_phone(Phone(number, steps=steps))
    phone, ends = world.phone(), {}
    served = phone.agent(convai_agent_id=agent_id, first_message="Hello {name}.", variables={"name": "you"})
    other = phone.agent(
        mode="pipeline", first_message="Ahoy {name} of {town}.", variables={"name": "you", "town": "Kiel"}
    )
    keep = lambda end: ends.update({end["callee"]: end})  # noqa: E731
    await world.serve(phone, served, on_message=lambda msg: "Yes.", on_call_end=keep, replace=True)
    ada = await phone.call(to=ADA, variables={"name": "Ada", "secret": "tea"})
    ben = await phone.call(to=BEN, agent=other, variables={"name": "Ben"})
    await ada.ended
    await ben.ended
    await phone.disconnect()
    await world.close()
    assert ends[ADA]["history"][0]["text"] == "Hello Ada."
    assert ends[BEN]["history"][0]["text"] == "Ahoy Ben of Kiel."
    assert ends[BEN]["variables"] == {"name": "Ben", "town": "Kiel"}
    [conversation] = world.voice.convai.conversations
    assert (conversation.variables["name"], conversation.variables["secret"]) == ("Ada", "tea")


@pytest.mark.parametrize(
    ("agent", "sentence"),
    [
        (Agent(llm=LlmConfig("openai", options={"turn_detection": "psychic"})), "turn_detection"),
        (Agent(llm=LlmConfig("openai", options={"speeed": 1})), "speeed"),
        (Agent(mode="realtime", llm=LlmConfig("openai_compatible", base_url="http://x/v1")), "Realtime"),
    ],
)
def test_what_cannot_work_is_said_before_anybody_is_phoned(agent, sentence):
    with pytest.raises(ConfigError, match=sentence):
        plan(agent)


async def test_a_guardrail_that_is_none_is_said_before_anybody_is_phoned(world, pipeline):
    world.twilio.add_phone(Phone(ADA, steps=(HangUp(),)))
    phone = world.phone()
    await world.serve(phone, pipeline(phone), on_message=lambda msg: "Yes.")
    with pytest.raises(ConfigError, match="blocked_terms"):
        await phone.call(to=ADA, agent=pipeline(phone, guardrails=[{"blocked_terms": "dollars"}]))
    await phone.disconnect()
    await world.close()
    assert not world.twilio.calls

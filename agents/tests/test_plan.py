import pytest

from agents.errors import AgentNotReady
from agents.models import Owner, ProviderCredential
from agents.plan import CallWishes, resolve_plan
from agents.services import archive_agent, change_draft, create_agent, create_credential, publish_agent
from patter.bridge.keypad import Keypad

OFFLINE = {"stt": {"provider": "offline"}, "tts": {"provider": "offline"}}
DEEPGRAM = {"stt": {"provider": "deepgram"}, "tts": {"provider": "offline"}}


def agent_of(cast, draft=False, **config):
    return create_agent(organisation=cast.organisation, config={"name": "A", **config}, draft=draft)


def code_of(agent, version=None) -> str:
    with pytest.raises(AgentNotReady) as refused:
        resolve_plan(agent, CallWishes(call_id="call_1"), version)
    return refused.value.code


def test_variables_of_the_call_win_over_parameters_and_those_over_the_agent(cast):
    agent = agent_of(
        cast,
        **OFFLINE,
        first_message="{a} {b} {c} {d}",
        system_prompt="{c}",
        variables={"a": 1, "b": 1, "c": 1},
    )
    wishes = CallWishes(call_id="c", custom_params={"b": "2", "c": "2"}, variables={"c": 3})
    resolved = resolve_plan(agent, wishes)
    assert resolved.plan.first_message == "1 2 3 {d}"
    assert resolved.plan.system_prompt == "3"
    assert resolved.unknown_variables == ("d",)


def test_the_call_may_bring_its_own_first_message_and_limits(cast):
    agent = agent_of(cast, **OFFLINE, first_message="Hello", max_duration_s=100)
    wishes = CallWishes(
        call_id="c", first_message="Hi {n}", variables={"n": "Mia"}, max_duration_s=20, record=False
    )
    plan = resolve_plan(agent, wishes).plan
    assert (plan.first_message, plan.turn_taking.max_duration_s, plan.record) == ("Hi Mia", 20, False)


def test_every_plan_can_end_the_call(cast):
    names = [
        tool["function"]["name"]
        for tool in resolve_plan(agent_of(cast, **OFFLINE), CallWishes("c")).plan.tools
    ]
    assert names == ["end_call", "transfer_call"]


def test_a_call_uses_the_published_version_or_the_one_it_pins(cast):
    agent = agent_of(cast, **OFFLINE, first_message="one")
    change_draft(agent=agent, changes={"first_message": "two"})
    assert resolve_plan(agent, CallWishes("c")).plan.first_message == "one"
    agent = publish_agent(agent=agent)
    assert resolve_plan(agent, CallWishes("c")).plan.first_message == "two"
    assert resolve_plan(agent, CallWishes("c"), 1).plan.first_message == "one"


def test_what_is_missing_has_a_code(cast):
    archived = agent_of(cast, **OFFLINE)
    archive_agent(agent=archived)
    archived.refresh_from_db()
    assert code_of(None) == "no_agent"
    assert code_of(archived) == "agent_archived"
    assert code_of(agent_of(cast, draft=True)) == "agent_not_published"
    assert code_of(agent_of(cast, **OFFLINE), 9) == "agent_version_unknown"
    assert code_of(agent_of(cast)) == "agent_has_no_ears"
    assert code_of(agent_of(cast, stt={"provider": "offline"})) == "agent_has_no_voice"
    assert code_of(agent_of(cast, **OFFLINE, reply_by="model")) == "agent_has_no_model"
    assert code_of(agent_of(cast, **DEEPGRAM)) == "credential_missing"


def test_a_provider_that_went_away_is_said_so(cast):
    agent = agent_of(cast, **OFFLINE)
    version = agent.versions.get()
    version.config["tts"] = {"provider": "gone"}
    version.save()
    assert code_of(agent) == "provider_unknown"


def test_the_organisations_newest_key_is_used(cast):
    create_credential(organisation=cast.organisation, provider="deepgram", api_key="old")
    create_credential(
        organisation=cast.organisation, provider="deepgram", api_key="new", base_url="https://dg.example.com"
    )
    spec = resolve_plan(agent_of(cast, **DEEPGRAM), CallWishes("c")).plan.stt
    assert (spec.api_key, spec.base_url) == ("new", "https://dg.example.com")


def test_nobody_elses_key_is_used_but_the_platforms(cast):
    create_credential(organisation=cast.other, provider="deepgram", api_key="cleo")
    agent = agent_of(cast, **DEEPGRAM)
    assert code_of(agent) == "credential_missing"
    ProviderCredential(owner=Owner.PLATFORM, provider="deepgram", api_key="platform").save()
    assert resolve_plan(agent, CallWishes("c")).plan.stt.api_key == "platform"


def test_the_voice_of_the_agent_is_the_voice_of_its_tts(cast):
    plan = resolve_plan(agent_of(cast, **OFFLINE, voice="anna", language="de"), CallWishes("c")).plan
    assert (plan.tts.voice, plan.tts.language, plan.stt.language) == ("anna", "de", "de")


def test_fallbacks_stand_behind_the_first_choice_in_order(cast):
    create_credential(organisation=cast.organisation, provider="elevenlabs", api_key="k")
    fallbacks = {
        "tts": [{"provider": "elevenlabs", "voice": "v"}, {"provider": "offline"}],
        "stt": [{"provider": "deepgram"}, {"provider": "offline"}],
    }
    plan = resolve_plan(
        agent_of(cast, **OFFLINE, voice="en-us", language="de", fallbacks=fallbacks), CallWishes("c")
    ).plan
    assert [(s.provider, s.voice, s.language) for s in plan.chain("tts")] == [
        ("offline", "en-us", "de"),
        ("elevenlabs", "v", "de"),
        ("offline", None, "de"),
    ]
    # Deepgram has no key here: it is left out, and costs the call nothing.
    assert [(s.provider, s.language) for s in plan.chain("stt")] == [("offline", "de"), ("offline", "de")]
    assert plan.chain("llm") == []


def test_turn_taking_and_key_terms_reach_the_recogniser(cast):
    create_credential(organisation=cast.organisation, provider="deepgram", api_key="k")
    wanted = {"turn_taking": {"preset": "quick"}, "keyterms": ["Patter"], "language": "de"}
    spec = resolve_plan(agent_of(cast, **DEEPGRAM, **wanted), CallWishes("c")).plan.stt
    assert (spec.language, dict(spec.options)) == ("de", {"endpointing_ms": 200, "keyterms": ["Patter"]})
    own = {**DEEPGRAM, "stt": {"provider": "deepgram", "options": {"endpointing_ms": 70, "keyterms": ["A"]}}}
    spec = resolve_plan(agent_of(cast, **{**own, **wanted}), CallWishes("c")).plan.stt
    assert dict(spec.options) == {"endpointing_ms": 70, "keyterms": ["A"]}
    brief = {**wanted, "turn_taking": {"endpointing_ms": 50}}
    spec = resolve_plan(agent_of(cast, **OFFLINE, **brief), CallWishes("c")).plan.stt
    assert dict(spec.options) == {"endpointing_ms": 100}


def test_keypad_and_phrases_of_the_language_are_in_the_plan(cast):
    keypad = {"collect": True, "max_digits": 4, "finish": "*", "pause_ms": 900}
    plan = resolve_plan(
        agent_of(cast, **OFFLINE, language="de-CH", keypad=keypad, phrases={"filler": ""}), CallWishes("c")
    ).plan
    assert plan.keypad == Keypad(True, 4, "*", 900)
    assert (plan.phrases.filler, plan.phrases.idle) == ("", "Sind Sie noch da?")


def test_a_realtime_agent_needs_its_one_provider_and_nothing_else(cast):
    agent = agent_of(cast, mode="realtime", voice="cedar", language="de", keyterms=["Patter"])
    assert code_of(agent) == "credential_missing"
    create_credential(organisation=cast.organisation, provider="openai", api_key="k")
    plan = resolve_plan(agent, CallWishes("c")).plan
    assert (plan.stt, plan.tts, plan.llm) == (None, None, None)
    assert (plan.speech.provider, plan.speech.voice, plan.speech.language) == ("openai", "cedar", "de")
    assert dict(plan.speech.options) == {"keyterms": ["Patter"]}


def test_a_realtime_agent_keeps_its_manner_and_may_have_a_spare_voice(cast):
    create_credential(organisation=cast.organisation, provider="openai", api_key="k")
    wanted = {
        "mode": "realtime",
        "turn_taking": {"preset": "patient"},
        "llm": {"provider": "openai", "model": "gpt-realtime-2.1-mini", "options": {"speed": 1.1}},
        "tts": {"provider": "offline", "voice": "en-us"},
        "voice": "marin",
    }
    plan = resolve_plan(agent_of(cast, **wanted), CallWishes("c")).plan
    assert (plan.speech.model, plan.speech.voice) == ("gpt-realtime-2.1-mini", "marin")
    assert dict(plan.speech.options) == {"silence_duration_ms": 1500, "speed": 1.1}
    assert (plan.tts.provider, plan.tts.voice) == ("offline", "en-us")


def test_a_convai_agent_has_a_model_only_where_it_goes_on_for_a_lost_handler(cast):
    create_credential(organisation=cast.organisation, provider="elevenlabs", api_key="k")
    agent = {"mode": "convai", "convai_agent_id": "agent_1", "llm": {"provider": "offline"}}
    assert resolve_plan(agent_of(cast, **agent), CallWishes("c")).plan.llm is None
    agent["policies"] = {"handler": {"lost": "model"}}
    plan = resolve_plan(agent_of(cast, **agent), CallWishes("c")).plan
    assert plan.llm is not None and plan.handler_policy == "model"
    assert resolve_plan(agent_of(cast, **agent, reply_by="model"), CallWishes("c")).plan.llm is None

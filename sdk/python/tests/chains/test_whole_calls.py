"""Whole calls against strict servers that fail in the middle: they go on, or end with a word."""

from dataclasses import replace

from patter.audio.frames import silence
from patter.bridge.plan import CallPlan
from patter.simulators.deepgram import DeepgramServer, Faults
from patter.simulators.openai import Fault
from patter.simulators.sound import tone
from sdk.python.tests.chains.caller import call, plan_of, rules, spec_of


async def test_every_stage_fails_in_mid_call_and_the_conversation_goes_on(
    deepgram, other_deepgram, openai, elevenlabs
):
    deepgram.script = [Faults(drop_at_ms=600)]
    deepgram.faults = Faults(refuse=503)
    openai.faults.always("chat", Fault(status=500))
    plan = plan_of(deepgram, other_deepgram, openai, elevenlabs)
    caller = await call(plan, silence(200) + tone(1100) + silence(3000))
    switched = [(n.data["stage"], n.data["from"], n.data["to"]) for n in caller.noted("provider.switched")]
    assert sorted(switched) == [
        ("llm", "openai", "offline"),
        ("stt", "deepgram", "deepgram nova-2"),
        ("tts", "deepgram", "elevenlabs"),
    ]
    assert [turn["text"] for turn in caller.end.transcript] == ["what can you do", "Of course."]
    assert caller.end.reason == "api_hung_up"


async def test_ears_that_fall_over_in_a_long_sentence_lose_none_of_it(openai, elevenlabs):
    first = DeepgramServer(utterances=["I would like to book a table"])
    second = DeepgramServer(utterances=["a table for four at eight"])
    async with first, second:
        first.faults = Faults(drop_at_ms=4000)
        plan = plan_of(first, second, openai, elevenlabs)
        plan = replace(plan, tts=spec_of(elevenlabs, "elevenlabs"), llm=rules("Of course."))
        caller = await call(plan, silence(200) + tone(5000) + silence(3000))
    assert [turn["text"] for turn in caller.end.transcript] == [
        "I would like to book a table for four at eight",
        "Of course.",
    ]


async def test_model_and_voice_break_within_an_answer_and_the_caller_hears_all_of_it(
    deepgram, other_deepgram, openai, elevenlabs
):
    deepgram.script = [Faults(), Faults(drop_at_ms=300)]  # the ears are sound
    first, later = "We open at nine. And we close at", "We close at ten."
    openai.answer = lambda question: later if len(openai.questions) > 1 else first
    openai.faults.add("chat", Fault(cut_after=7))
    plan = plan_of(deepgram, other_deepgram, openai, elevenlabs)
    more = {"fallbacks": {**plan.fallbacks, "llm": [spec_of(openai, "openai", model="gpt-5.6-luna")]}}
    plan = CallPlan(**{name: getattr(plan, name) for name in plan.__slots__} | more)
    caller = await call(plan, silence(200) + tone(1100) + silence(4500))
    switched = [(n.data["stage"], n.data["to"]) for n in caller.noted("provider.switched")]
    assert sorted(switched) == [("llm", "openai gpt-5.6-luna"), ("tts", "elevenlabs")]
    assert [turn["text"] for turn in caller.end.transcript] == [
        "what can you do",
        "We open at nine. We close at ten.",
    ]
    assert caller.noted("reply.broken") and not caller.noted("reply.failed")


async def test_every_provider_is_down_and_the_stored_apology_is_heard(
    deepgram, other_deepgram, openai, elevenlabs
):
    stored = {"Sorry, we are closed.": b"\x22" * 8 * 900}
    for server in (deepgram, other_deepgram):
        server.faults = Faults(refuse=401)
    elevenlabs.faults.always("socket", Fault(status=401))
    plan = plan_of(deepgram, other_deepgram, openai, elevenlabs)
    phrases = type(plan.phrases)(apology="Sorry, we are closed.")
    plan = CallPlan(**{name: getattr(plan, name) for name in plan.__slots__} | {"phrases": phrases})
    caller = await call(plan, silence(3000), stored=stored)
    assert caller.played == stored["Sorry, we are closed."]
    assert (caller.end.reason, caller.said) == ("provider_error", [])
    assert [turn["text"] for turn in caller.end.transcript] == ["Sorry, we are closed."]

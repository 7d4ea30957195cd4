"""The demo's data fit together: every step is a phrase, and every phrase leads on."""

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.llm import open_llm
from patter.engines.llm.offline.rules import decide, parse
from patter.engines.stt import open_stt
from patter.engines.tts import open_tts
from patter.engines.tts.offline.link import speak
from patter.errors import ConfigError
from patter.simulators.demo import AGENT, CALLER_RATE_WPM, CALLER_VOICE, PHRASES, STEPS

OPENERS = {"stt": open_stt, "llm": open_llm, "tts": open_tts}


def words_of(step: dict[str, object]) -> str:
    return f"[DTMF: {step['digits']}]" if "digits" in step else str(step.get("say") or step.get("over") or "")


@pytest.mark.parametrize("part", OPENERS)
def test_the_agent_opens_with_what_is_in_the_box(part: str) -> None:
    assert OPENERS[part](ProviderSpec(**AGENT[part]))


@pytest.mark.parametrize("part", OPENERS)
def test_an_unknown_provider_is_told_the_known_ones(part: str) -> None:
    with pytest.raises(ConfigError, match="known: .*offline"):
        OPENERS[part](ProviderSpec("zork"))


def test_the_caller_says_only_what_is_recognised() -> None:
    spoken = [words_of(step) for step in STEPS if "say" in step or "over" in step]
    assert set(spoken) <= set(PHRASES)
    assert len(spoken) >= 6
    assert sum("over" in step for step in STEPS) == 1


def test_every_step_is_understood_and_goodbye_ends_the_call() -> None:
    book = parse(AGENT["llm"]["options"])
    messages = [{"role": "assistant", "content": AGENT["first_message"]}]
    for step in (step for step in STEPS if words_of(step)):
        if "over" in step:
            messages[-1]["content"] = messages[-1]["content"][:30]
        messages.append({"role": "user", "content": words_of(step)})
        answer = decide(book, messages)
        assert answer.text != book.otherwise
        messages.append({"role": "assistant", "content": answer.text})
    assert answer.tool is not None
    assert answer.tool.name == "end_call"


@pytest.mark.asyncio
async def test_the_call_lasts_less_than_thirty_five_seconds() -> None:
    book = parse(AGENT["llm"]["options"])
    tts = AGENT["tts"]
    messages = [{"role": "assistant", "content": AGENT["first_message"]}]
    total_s = 0.0
    for step in (step for step in STEPS if words_of(step)):
        # Between the two voices: the pause that ends a turn, and the way to the first word.
        reply = await speak(messages[-1]["content"], voice=tts["voice"], rate=tts["options"]["rate"])
        said = (
            b"" if "digits" in step else await speak(words_of(step), voice=CALLER_VOICE, rate=CALLER_RATE_WPM)
        )
        waits_s = float(str(step.get("after_ms", 0))) / 1000 if "over" in step else len(reply) / 8000 + 0.2
        total_s += waits_s + len(said) / 8000 + 0.5
        messages.append({"role": "user", "content": words_of(step)})
        messages.append({"role": "assistant", "content": decide(book, messages).text})
    assert 20 < total_s < 33

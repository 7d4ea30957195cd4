"""``phone.test``: by text in the terminal, and aloud over a simulated carrier."""

from __future__ import annotations

import pytest

from patter import ConfigError, LlmConfig, Patter
from patter.audio.wav import read
from patter.local.specs import Keys
from patter.local.talk import HELP, talk
from patter.options import LocalOptions
from patter.simulators.openai.script import tool, use_tools

NO_KEYS = Keys(LocalOptions(), {})


def terminal(*lines):
    typed, shown = list(lines), []

    async def read_line(prompt):
        if not typed:
            raise EOFError
        return typed.pop(0)

    return shown, {"read": read_line, "write": shown.append}


async def test_a_conversation_by_text(unset):
    phone = Patter(mode="local")
    shown, ends = terminal("hello", "/press 1", "", "/quit")
    agent = phone.agent(first_message="Welcome.", turn_taking={"idle_prompt_s": 5})
    await talk(agent, lambda msg: f"You said: {msg.text}", NO_KEYS, **ends)
    assert shown[1:] == [
        "Agent: Welcome.",
        "Agent: You said: hello",
        "Agent: You said: [DTMF: 1]",
        "Agent: Are you still there? Are you still there?",
        "The call is over: caller_hung_up.",
    ]


async def test_the_agents_own_model_and_tools_answer(world):
    world.model.answer = use_tools(tool("add", first=2, second=3), then="That is {results}.")

    def add(first: int, second: int) -> int:
        """Add two numbers."""
        return first + second

    shown, ends = terminal("two and three", "")
    keys = Keys(
        LocalOptions(openai_key=world.model.api_key), {"PATTER_OPENAI_BASE_URL": world.model.base_url}
    )
    await talk(world.phone().agent("Be exact.", tools=[add]), None, keys, **ends)
    assert "Agent: That is 5." in shown
    assert world.model.questions[0].messages[0]["content"] == "Be exact."


async def test_what_is_no_key_and_no_word_is_said_and_the_call_goes_on(unset):
    shown, ends = terminal("/press x", "/hang up", "still here")
    await talk(Patter(mode="local").agent(), lambda msg: f"You said: {msg.text}", NO_KEYS, **ends)
    assert shown == [
        HELP,
        "The keys of a phone are #*0123456789ABCD, not 'x'.",
        HELP,
        "Agent: You said: still here",
        "",
        "The call is over: caller_hung_up.",
    ]


async def test_what_testing_needs(unset):
    phone = Patter(api_key="pt_1")
    with pytest.raises(ConfigError, match="Nobody would answer"):
        await phone.test(phone.agent())
    with pytest.raises(ConfigError, match="agent is what"):
        await phone.test("agent")
    with pytest.raises(ConfigError, match="say="):
        await phone.test(phone.agent(), audio=True)
    with pytest.raises(ConfigError, match="say is a list, not str"):
        await phone.test(phone.agent(), audio=True, say="hello there")
    with pytest.raises(ConfigError, match="a line to say is a text, not int"):
        await phone.test(phone.agent(), audio=True, say=[1])


async def test_a_conversation_aloud(world, pipeline, capsys, tmp_path):
    phone = world.phone()
    agent = pipeline(phone, first_message="Hello!", llm=LlmConfig("openai"))
    await phone.test(
        agent, on_message=lambda msg: "From nine to five.", audio=True, say=["What are your hours?"]
    )
    printed = capsys.readouterr().out
    assert "Agent: Hello!\nYou:   what are your hours\nAgent: From nine to five." in printed
    assert read((tmp_path / "patter-test.wav").read_bytes()).channels == 2  # noqa: ASYNC240

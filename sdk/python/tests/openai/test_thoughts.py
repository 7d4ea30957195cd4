"""A model that thinks aloud: the caller hears what it says, and nothing of what it thinks."""

from __future__ import annotations

import pytest

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmFailed
from patter.engines.llm.openai.link import OpenAiLlm
from patter.engines.llm.openai.thoughts import Thoughts
from patter.engines.llm.openai.wire import AnswerReader

from .test_llm_wire import data, delta


def said(text: str, size: int) -> str:
    thoughts = Thoughts()
    pieces = [thoughts.push(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join(pieces) + thoughts.flush()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("<think>They want hours. </ think></think>\n\nWe open at nine.", "\n\nWe open at nine."),
        ("<THINKING>x < y</THINKING>Yes. <thought>and</thought>No.", "Yes. No."),
        ("Two < three, <b>bold</b>, and <thin", "Two < three, <b>bold</b>, and <thin"),
        ("<think>It never ends", ""),
        ("a <", "a <"),
    ],
)
def test_what_stands_between_the_tags_is_not_said(text: str, heard: str, size: int) -> None:
    assert said(text, size) == heard


def test_an_answer_is_told_without_its_thoughts() -> None:
    reader = AnswerReader("a1")
    pieces = ["<thi", "nk>The caller ", "is angry.</th", "ink>\n", "Good morning.", " <"]
    events = reader.feed(data(*(delta(content=piece) for piece in pieces), delta("stop"), b"[DONE]"))
    assert "".join(event.text for event in events if isinstance(event, LlmDelta)) == "\nGood morning. <"
    assert events[-1] == LlmDone("a1", {})


def test_a_limit_that_was_spent_on_thoughts_is_no_silence() -> None:
    reader = AnswerReader("a1")
    [failed] = reader.feed(data(delta(content="<think>Hm, hm"), delta("length"), b"[DONE]"))
    assert isinstance(failed, LlmFailed)


async def test_nothing_of_it_comes_over_the_socket_either(server, spec) -> None:
    server.answer = lambda question: "<think>Open at nine, I think.</think>We open at nine."
    events: list = []
    await OpenAiLlm(spec()).ask(LlmAsk("a1", [{"role": "user", "content": "hours?"}]), events.append)
    assert "".join(event.text for event in events if isinstance(event, LlmDelta)) == "We open at nine."

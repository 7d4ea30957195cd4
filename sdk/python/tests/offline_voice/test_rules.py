"""The rules model: what was heard, in which state, gives which answer."""

import asyncio

import pytest

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmToolCall
from patter.bridge.plan import ProviderSpec
from patter.engines.llm.offline.link import RulesLlm
from patter.engines.llm.offline.rules import decide, parse
from patter.errors import ConfigError

RULES = [
    {"heard": ["book a table"], "say": "With pleasure. For {day}?", "state": "day"},
    {"heard": ["yes"], "after": "day", "say": "Done. Press one to confirm.", "state": "confirm"},
    {"digit": "1", "after": "confirm", "say": "Booked."},
    {"heard": ["yes"], "say": "Yes what?"},
    {"heard": ["goodbye"], "say": "Goodbye.", "tool": {"name": "end_call"}},
]
OPTIONS = {"rules": RULES, "otherwise": "Pardon?", "slots": {"day": "today"}}


def talk(*texts: str) -> list[dict[str, str]]:
    """A conversation; the caller speaks last."""
    roles = ["user", "assistant"] if len(texts) % 2 else ["assistant", "user"]
    return [{"role": roles[index % 2], "content": text} for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("conversation", "answer"),
    [
        (talk("I'd like to BOOK a table!"), "With pleasure. For today?"),
        (talk("what?"), "Pardon?"),
        (talk("yes"), "Yes what?"),
        (talk("book a table", "With pleasure. For today?", "yes."), "Done. Press one to confirm."),
        (talk("book a table", "With pleasure.", "yes"), "Done. Press one to confirm."),
        (
            talk("book a table", "With pleasure. For today?", "hm", "Pardon?", "yes"),
            "Done. Press one to confirm.",
        ),
        (talk("yes", "Done. Press one", "[DTMF: 1]"), "Booked."),
        (talk("yes", "Done. Press one", "[DTMF: 2]"), "Pardon?"),
        (talk("[DTMF: 1]"), "Pardon?"),
        (talk("yesterday"), "Pardon?"),
    ],
)
def test_answers(conversation: list[dict[str, str]], answer: str) -> None:
    assert decide(parse(OPTIONS), conversation).text == answer


def test_a_reply_of_which_nothing_was_heard_does_not_move_on() -> None:
    # The answer to "book a table" was cut at once, so it is not among the messages.
    messages = [{"role": "user", "content": "book a table"}, {"role": "user", "content": "yes"}]
    assert decide(parse(OPTIONS), messages).text == "Yes what?"


def test_after_a_tool_the_model_has_nothing_to_add() -> None:
    messages = [*talk("goodbye"), {"role": "assistant", "content": None}, {"role": "tool", "content": "{}"}]
    assert decide(parse(OPTIONS), messages).text == ""


def test_it_streams_words_then_the_tool_then_the_end() -> None:
    events: list[object] = []
    model = RulesLlm(ProviderSpec("offline", options=OPTIONS))
    asyncio.run(model.ask(LlmAsk("a1", talk("goodbye, my friend")), events.append))
    assert events == [
        LlmDelta("a1", "Goodbye."),
        LlmToolCall("a1", "call_a1", "end_call", "{}"),
        LlmDone("a1", {"input_tokens": 3, "output_tokens": 1}),
    ]
    events.clear()
    asyncio.run(model.ask(LlmAsk("a2", talk("book a table")), events.append))
    deltas = [event.text for event in events if isinstance(event, LlmDelta)]
    assert deltas == ["With", " pleasure.", " For", " today?"]


@pytest.mark.parametrize(
    "rules",
    [None, [], ["hello"], [{"say": "x"}], [{"heard": ["a"]}], [{"heard": ["..."], "say": "x"}],
     [{"heard": ["a"], "say": "x", "then": "y"}], [{"heard": ["a"], "tool": {}}]],
)  # fmt: skip
def test_rules_are_checked_before_the_call(rules: object) -> None:
    with pytest.raises(ConfigError):
        RulesLlm(ProviderSpec("offline", options={"rules": rules}))

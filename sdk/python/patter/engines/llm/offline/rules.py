"""What the rules model answers to a conversation. Pure: the state is read from the messages every time.

A rule is ``{"heard": ["book a table"], "digit": "1", "after": "time", "say": "...", "state": "confirm",
"tool": {"name": "end_call", "arguments": {}}}``. It applies when one of its phrases is in the caller's
words, or its key was pressed; with ``after`` only in that state. The first that applies answers.

The state is that of the last rule whose answer is among the assistant's messages, so a reply that was
cut before a word of it was heard never moves the conversation on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patter.errors import ConfigError

DEFAULT_OTHERWISE = "Sorry, I did not understand that. Could you say it in other words?"

_DIGITS = re.compile(r"\[DTMF: ([0-9*#A-Da-d]+)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_SHORTEST_CUT = 8
"""So many letters of a cut reply tell which rule it was."""

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool that the rule calls. ``arguments`` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Rule:
    heard: tuple[str, ...] = ()
    digit: str | None = None
    after: str | None = None
    say: str = ""
    state: str | None = None
    tool: ToolUse | None = None


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, in order, and what is said when none applies."""

    rules: tuple[Rule, ...]
    otherwise: str = DEFAULT_OTHERWISE
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """``text`` may be empty when there is only a tool."""

    text: str
    tool: ToolUse | None = None


def fold(text: str) -> str:
    """Words only: lower case, no punctuation, one space between."""
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("\u2019", "'")))


def decide(book: RuleBook, messages: Sequence[Message]) -> Answer:
    """The answer to a conversation in the chat shape."""
    turns = [message for message in messages if message.get("role") in ("user", "assistant", "tool")]
    if not turns or turns[-1]["role"] != "user":
        # A tool's answer came back, and a rule has said with the call all that it has to say.
        return Answer("")
    state = state_of(book, turns[:-1])
    words, digits = heard_in(str(turns[-1].get("content") or ""))
    for rule in book.rules:
        if rule.after in (None, state) and _applies(rule, words, digits):
            return Answer(_fill(rule.say, book.slots), rule.tool)
    return Answer(_fill(book.otherwise, book.slots))


def state_of(book: RuleBook, turns: Sequence[Message]) -> str | None:
    """Where the conversation is: what the last recognisable answer led to."""
    for message in reversed(turns):
        if message["role"] == "assistant":
            for rule in book.rules:
                if rule.state is not None and _was_said(_fill(rule.say, book.slots), message):
                    return rule.state
    return None


def heard_in(content: str) -> tuple[str, str]:
    """The folded words and the keys of a user message."""
    digits = "".join(_DIGITS.findall(content))
    return fold(_DIGITS.sub(" ", content)), digits


def parse(options: Mapping[str, Any]) -> RuleBook:
    """The rules of a provider's options. Raises ConfigError that names the rule."""
    given = options.get("rules")
    if not isinstance(given, list | tuple) or not given:
        raise ConfigError("the rules model needs options.rules, a list")
    rules = tuple(_rule(index, item) for index, item in enumerate(given))
    slots = {str(name): str(value) for name, value in dict(options.get("slots", {})).items()}
    return RuleBook(rules, str(options.get("otherwise", DEFAULT_OTHERWISE)), slots)


def _rule(index: int, item: Any) -> Rule:
    if not isinstance(item, Mapping):
        raise ConfigError(f"rule {index} is not an object")
    if unknown := set(item) - {"heard", "digit", "after", "say", "state", "tool"}:
        raise ConfigError(f"rule {index} has unknown fields: {', '.join(sorted(unknown))}")
    heard = item.get("heard", ())
    phrases = tuple(fold(phrase) for phrase in ((heard,) if isinstance(heard, str) else heard))
    if not all(phrases) or not (phrases or item.get("digit")):
        raise ConfigError(f"rule {index} needs words in 'heard', or a 'digit'")
    if not item.get("say") and not item.get("tool"):
        raise ConfigError(f"rule {index} needs 'say' or 'tool'")
    digit = item.get("digit")
    return Rule(
        phrases,
        None if digit is None else str(digit),
        item.get("after"),
        str(item.get("say", "")),
        item.get("state"),
        _tool(index, item.get("tool")),
    )


def _tool(index: int, given: Any) -> ToolUse | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given.get("name"):
        raise ConfigError(f"the tool of rule {index} needs a 'name'")
    return ToolUse(str(given["name"]), json.dumps(given.get("arguments", {})))


def _applies(rule: Rule, words: str, digits: str) -> bool:
    if rule.digit is not None and rule.digit == digits:
        return True
    # Padded, so that "no" is not found in "not now".
    return any(f" {phrase} " in f" {words} " for phrase in rule.heard)


def _was_said(say: str, message: Message) -> bool:
    text, full = fold(str(message.get("content") or "")), fold(say)
    if not text or not full:
        return False
    return text == full or (len(text) >= _SHORTEST_CUT and full.startswith(text))


def _fill(text: str, slots: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: slots.get(slot[1], slot[0]), text)

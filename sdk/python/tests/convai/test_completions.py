"""Requests of an ElevenLabs agent for an answer, and answers as one body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from patter.engines.convai.completions import (
    MOST_BODY_BYTES,
    SKIP_TURN,
    BadCompletionError,
    Completion,
    read_request,
    whole_answer,
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" " * (MOST_BODY_BYTES + 1), "larger than 1 MB"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "messages is a list"),
        (b'{"messages": {}}', "messages is a list"),
    ],
)
def test_what_is_no_request_is_said(body: bytes, words: str) -> None:
    with pytest.raises(BadCompletionError, match=words):
        read_request(body)


def answered(text: str, *, can_skip: bool) -> tuple[dict[str, Any], str]:
    request = Completion("hello", 1, "patter", stream=False, can_skip=can_skip)
    body = whole_answer("id_1", request, 1, text)
    assert json.loads(json.dumps(body)) == body
    (choice,) = body["choices"]
    return choice["message"], choice["finish_reason"]


@pytest.mark.parametrize("can_skip", [False, True])
def test_an_answer_as_one_body(can_skip: bool) -> None:
    assert answered("Hi.", can_skip=can_skip) == ({"role": "assistant", "content": "Hi."}, "stop")


def test_silence_is_a_skipped_turn_where_the_agent_knows_it() -> None:
    message, reason = answered("", can_skip=True)
    assert reason == "tool_calls"
    (call,) = message["tool_calls"]
    assert call["function"]["name"] == SKIP_TURN and "index" not in call
    assert answered("", can_skip=False) == ({"role": "assistant", "content": None}, "stop")

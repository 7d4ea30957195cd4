"""Several requests for the replies of one call: ElevenLabs guesses, and loses patience."""

from __future__ import annotations

import asyncio

import pytest
from django.test import AsyncClient

from calls.tests.test_llm_door import BODY, URL, Owner, ask, owner, streamed
from patter.engines.convai.ask_line import MOST_ASKS

__all__ = ["owner"]


def said(choices: list[dict]) -> str:
    return "".join(choice["delta"].get("content", "") for choice in choices)


async def test_two_at_once_are_both_answered(owner: Owner) -> None:
    responses = await asyncio.gather(ask(), ask())
    answers = [said(await streamed(response)) for response in responses]
    assert answers == ["Good day.", "Good day."]
    assert len({wanted.ask_id for wanted in owner.asked}) == 2


async def test_more_than_anybody_needs_are_refused_until_one_is_over(owner: Owner) -> None:
    owner.pieces = None
    waiting = [asyncio.create_task(streamed(await ask())) for _ in range(MOST_ASKS)]
    assert len(owner.asked) == MOST_ASKS
    refused = await ask()
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_many_asks")
    waiting[0].cancel()
    await asyncio.wait([waiting[0]])
    await asyncio.wait_for(owner.gone.wait(), 30)
    owner.pieces = ["Good day."]
    assert said(await streamed(await ask())) == "Good day."
    for task in waiting[1:]:
        task.cancel()
    await asyncio.wait(waiting)


async def test_a_call_whose_conversation_is_over_ends_what_was_asked_and_refuses_more(owner: Owner) -> None:
    owner.pieces = None
    waiting = asyncio.create_task(streamed(await ask()))
    owner.line.disconnect()
    assert said(await asyncio.wait_for(waiting, 30)) == ""
    refused = await ask()
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_conversation")


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}, 7]}]},
        {
            **BODY,
            "messages": [{"role": "user", "content": "one"}, "odd", {"role": "user", "content": "hello"}],
        },
        {**BODY, "tools": "none", "temperature": "hot", "max_tokens": None, "model": 7},
    ],
)
async def test_what_is_odd_and_does_not_matter_is_overlooked(owner: Owner, body: dict) -> None:
    assert said(await streamed(await ask(body=body))) == "Good day."
    assert owner.asked[0].text == "hello"


async def test_only_questions_are_answered() -> None:
    assert (await AsyncClient().get(URL)).status_code == 405

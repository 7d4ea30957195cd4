"""ElevenLabs asks for the replies of a call, at whichever process it finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from channels.layers import get_channel_layer
from django.test import AsyncClient

from agents.reply_keys import reply_key
from calls.adapters.replies import ReplyRelay
from calls.services.control import group_of
from calls.services.reply_tokens import issue_reply_token
from patter.engines.convai.ask_line import AskLine
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyUnwanted, ReplyWanted
from patter_site.common.bus import bind_loop, unbind_loop

AGENT, CALL = "agt_1", "call_1"
URL = f"/llm/v1/{AGENT}/chat/completions"
BODY = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hello"}]}


class Owner:
    """Carries the call in a process of its own, as far as the channel layer knows."""

    def __init__(self) -> None:
        self.line = AskLine()
        self.line.connect(self._asked)
        self.asked: list[ReplyWanted] = []
        self.gone = asyncio.Event()
        self.pieces: list[str] | None = ["Good ", "day."]
        self.deaf = 0

    async def listen(self) -> None:
        relay, layer = ReplyRelay(self.line), get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group_of(CALL), channel)
        try:
            while True:
                message = await layer.receive(channel)
                if self.deaf:
                    self.deaf -= 1
                else:
                    assert relay.take(message)
        finally:
            await relay.close()

    def _asked(self, message: ReplyWanted | ReplyUnwanted) -> None:
        if isinstance(message, ReplyUnwanted):
            self.gone.set()
            return
        self.asked.append(message)
        for piece in self.pieces or ():
            self.line.send(ReplyPiece(message.ask_id, piece))
        if self.pieces is not None:
            self.line.send(ReplyEnd(message.ask_id))


@pytest.fixture
async def owner() -> AsyncIterator[Owner]:
    bind_loop()
    owner = Owner()
    task = asyncio.create_task(owner.listen())
    await asyncio.sleep(0)
    yield owner
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    unbind_loop()


async def ask(key: str = "", call: str = "", body: object = BODY, agent: str = AGENT):
    headers = {
        "authorization": f"Bearer {key or reply_key(AGENT)}",
        "x-patter-call": call or issue_reply_token(agent_id=AGENT, call_id=CALL),
    }
    content = body if isinstance(body, str) else json.dumps(body)
    url = f"/llm/v1/{agent}/chat/completions"
    return await AsyncClient().post(url, content, content_type="application/json", headers=headers)


async def streamed(response) -> list[dict]:
    text = b"".join([part async for part in response.streaming_content]).decode()
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert events.pop() == "[DONE]"
    return [json.loads(event)["choices"][0] for event in events]


async def test_the_owner_of_the_call_is_asked_and_its_answer_streams(owner):
    response = await ask()
    assert (response.status_code, response["content-type"]) == (200, "text/event-stream")
    choices = await streamed(response)
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "Good day."
    assert choices[-1]["finish_reason"] == "stop"
    [asked] = owner.asked
    assert (asked.text, asked.messages) == ("hello", 1)


async def test_without_a_stream_the_answer_is_one_body(owner):
    answer = (await ask(body={**BODY, "stream": False})).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "Good day."}


async def test_silence_is_said_with_the_vendors_own_tool(owner):
    owner.pieces = []
    tools = [{"type": "function", "function": {"name": "skip_turn"}}]
    [choice] = await streamed(await ask(body={**BODY, "tools": tools}))
    assert choice["finish_reason"] == "tool_calls"
    assert choice["delta"]["tool_calls"][0]["function"]["name"] == "skip_turn"


async def test_a_message_that_got_lost_is_sent_once_more(owner):
    owner.deaf = 1
    await streamed(await ask())
    assert len(owner.asked) == 1


async def test_who_goes_away_is_not_answered_any_more(owner):
    owner.pieces = None
    response = await ask()
    heard = asyncio.Event()

    async def listen() -> None:
        async for _ in response.streaming_content:
            heard.set()

    waiting = asyncio.create_task(listen())
    owner.line.send(ReplyPiece(owner.asked[0].ask_id, "Good "))
    await asyncio.wait_for(heard.wait(), 30)
    waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.wait_for(owner.gone.wait(), 30)


async def test_a_call_that_nobody_carries_is_refused_at_once():
    bind_loop()
    response = await ask()
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_carried")
    unbind_loop()


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"key": "llm_other"}, 401, "invalid_api_key"),
        ({"key": reply_key("agt_2")}, 401, "invalid_api_key"),
        ({"call": "forged.token"}, 401, "invalid_call"),
        ({"call": issue_reply_token(agent_id="agt_2", call_id=CALL)}, 401, "invalid_call"),
        ({"agent": "agt_2", "key": reply_key("agt_2")}, 401, "invalid_call"),
        ({"body": "oops"}, 400, "invalid_request"),
        ({"body": {"messages": "hello"}}, 400, "invalid_request"),
        ({"body": " " * 1_100_000}, 413, "too_large"),
    ],
)
async def test_strangers_and_nonsense_are_refused_before_anybody_is_asked(owner, given, status, code):
    response = await ask(**given)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert owner.asked == []

"""Our question as a request, and an answer's bytes as events."""

import json

import pytest

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmFailed, LlmToolCall
from patter.bridge.plan import ProviderSpec
from patter.engines.llm.openai.settings import settings_of
from patter.engines.llm.openai.wire import AnswerReader, request_body
from patter.errors import ConfigError

TOOL = {"name": "look_up", "description": "Looks up.", "parameters": {"type": "object", "properties": {}}}
HELLO = [{"role": "user", "content": "Hello"}]


def body(provider="openai", tools=(), **more):
    spec = ProviderSpec(provider, api_key="k", base_url="http://127.0.0.1/v1", **more)
    return request_body(LlmAsk("a1", HELLO, tools), settings_of(spec))


def data(*chunks):
    return b"".join(
        b"data: " + (c if isinstance(c, bytes) else json.dumps(c).encode()) + b"\n\n" for c in chunks
    )


def delta(finish=None, **delta):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call(index, name=None, arguments="", call_id=None):
    piece = {"index": index, "function": {"arguments": arguments}}
    if name:
        piece["function"]["name"] = name
        piece["id"] = call_id or f"id{index}"
    return delta(tool_calls=[piece])


def read(raw, size=None):
    reader = AnswerReader("a1")
    events = []
    for at in range(0, len(raw), size or len(raw) or 1):
        events += reader.feed(raw[at : at + (size or len(raw))])
    return events if reader.over else events + reader.end()


# -- the request ----------------------------------------------------------------------------------


def test_a_question_streams_counts_its_tokens_and_does_not_reason():
    assert body() == {
        "model": "gpt-6-luna",
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "none",
        "messages": HELLO,
    }


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("gpt-6.2-sol", "none"),
        ("gpt-5.6-luna", "none"),
        ("gpt-5-mini", "minimal"),
        ("o3", "low"),
        ("gpt-4o", None),
    ],
)
def test_reasoning_is_the_least_that_a_model_accepts(model, effort):
    assert body(model=model).get("reasoning_effort") == effort


def test_other_servers_get_only_what_was_chosen():
    sent = body("openai_compatible", model="llama", options={"max_tokens": 50, "temperature": 0.3})
    assert (sent["max_tokens"], sent["temperature"]) == (50, 0.3)
    assert "reasoning_effort" not in sent and "max_completion_tokens" not in sent


def test_everything_can_be_chosen():
    options = {
        "max_tokens": 50,
        "reasoning_effort": "",
        "stream_usage": False,
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "service_tier": "priority",
        "extra_body": {"top_k": 3},
    }
    sent = body(tools=[TOOL], options=options)
    assert sent["max_completion_tokens"] == 50
    assert sent["tools"] == [{"type": "function", "function": TOOL}]
    assert (sent["tool_choice"], sent["parallel_tool_calls"], sent["top_k"]) == ("auto", False, 3)
    assert "reasoning_effort" not in sent and "stream_options" not in sent
    assert "tool_choice" not in body(options=options) and "parallel_tool_calls" not in body(options=options)


@pytest.mark.parametrize(
    "more",
    [{"options": {"temperature": "hot"}}, {"options": {"max_tokens": 0}}, {"options": {"extra_body": 1}}],
)
def test_what_cannot_work_is_said_at_once(more):
    with pytest.raises(ConfigError):
        body(**more)


def test_a_server_of_ones_own_has_no_default_model():
    with pytest.raises(ConfigError, match="needs a model"):
        body("openai_compatible")


# -- the answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, None])
def test_text_and_usage_wherever_the_bytes_are_cut(size):
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    raw = data(
        delta(role="assistant", content=""),
        json.dumps(delta(content="Grüße\u2028 "), ensure_ascii=False).encode(),
        delta(content="Ada"),
        delta("stop"),
        {"choices": [], "usage": usage},
        b"[DONE]",
    )
    assert read(raw, size) == [
        LlmDelta("a1", "Grüße\u2028 "),
        LlmDelta("a1", "Ada"),
        LlmDone("a1", {"input_tokens": 9, "output_tokens": 2, "cached_tokens": 4}),
    ]


def test_parallel_tool_calls_are_put_together_from_their_pieces():
    raw = data(
        call(0, "one"), call(1, "two"), call(0, arguments='{"a"'), call(1, arguments="{}"),
        call(0, arguments=":1}"), delta("tool_calls"), b"[DONE]",
    )  # fmt: skip
    assert read(raw) == [
        LlmToolCall("a1", "id0", "one", '{"a":1}'),
        LlmToolCall("a1", "id1", "two", "{}"),
        LlmDone("a1"),
    ]


def test_the_ways_of_other_servers_with_tool_calls():
    same_index = data(call(0, "one", "{}", "x"), call(0, "two", "{}", "y"), delta("tool_calls"))
    assert [(e.tool_call_id, e.name) for e in read(same_index)[:2]] == [("x", "one"), ("y", "two")]
    bare = {"function": {"name": "one", "arguments": {"a": 1}}}
    assert read(data(delta("tool_calls", tool_calls=[bare])))[0] == LlmToolCall(
        "a1", "call_a1_0", "one", '{"a": 1}'
    )


def test_a_finish_is_enough_where_done_is_left_out():
    assert read(data(delta(content="Hi"), delta("stop"))) == [LlmDelta("a1", "Hi"), LlmDone("a1")]


def test_an_answer_that_was_too_long_is_still_an_answer():
    assert read(data(delta(content="Hi"), delta("length"), b"[DONE]"))[-1] == LlmDone("a1")


def test_an_empty_answer_is_a_silence():
    assert read(data(delta(role="assistant", content=""), delta("stop"), b"[DONE]")) == [LlmDone("a1")]


@pytest.mark.parametrize("why", ["length", "content_filter"])
def test_an_answer_that_was_withheld_is_no_silence(why):
    [failed] = read(data(delta(role="assistant", content=None), delta(why), b"[DONE]"))
    assert isinstance(failed, LlmFailed) and not failed.permanent


@pytest.mark.parametrize(
    "usage", ["many", [], {"prompt_tokens": "9", "prompt_tokens_details": 4}, {"prompt_tokens": None}]
)
def test_a_count_that_cannot_be_read_costs_no_word(usage):
    hello, done = read(data(delta(content="Hi"), delta("stop"), {"choices": [], "usage": usage}, b"[DONE]"))
    assert hello == LlmDelta("a1", "Hi") and isinstance(done, LlmDone)


def test_what_breaks_after_the_finish_breaks_nothing():
    reader = AnswerReader("a1")
    reader.feed(data(call(0, "one", "{}"), delta("tool_calls")))
    assert reader.broken("reset") == [LlmToolCall("a1", "id0", "one", "{}"), LlmDone("a1")]
    assert reader.broken("reset") == []


def test_a_refusal_is_spoken():
    assert read(data(delta(refusal="No."), delta("stop")))[0] == LlmDelta("a1", "No.")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        data(delta(content="Hi")),
        data(b"{oops"),
        data(b"[1]"),
        data({"choices": [3]}),
        data(delta("content_filter"), b"[DONE]"),
        data(delta("tool_calls", tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]), b"[DONE]"),
        data({"error": {"message": "overloaded", "code": "server_error"}}),
        b": ping\n\n: ping\n\n",
    ],
)
def test_what_goes_wrong_within_an_answer_may_go_well_next_time(raw):
    events = read(raw)
    assert isinstance(events[-1], LlmFailed) and not events[-1].permanent
    assert not any(isinstance(event, LlmDone) for event in events)


def test_an_empty_account_is_permanent_also_within_an_answer():
    [failed] = read(data({"error": {"code": "insufficient_quota", "message": "Pay."}}))
    assert failed == LlmFailed("a1", "insufficient_quota Pay.", True)


def test_nothing_comes_after_the_end():
    reader = AnswerReader("a1")
    reader.feed(data(delta("stop"), b"[DONE]"))
    assert reader.feed(data(delta(content="late"))) == []

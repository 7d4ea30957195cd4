"""A chat model over HTTP: what comes, what is refused, and what never comes."""

import asyncio

import pytest

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmFailed, LlmToolCall
from patter.engines.llm import open_llm
from patter.engines.llm.openai.link import MOST_ANSWER_BYTES, Deadlines, OpenAiLlm
from patter.errors import ConfigError
from patter.simulators.openai import Answer, Fault, ToolUse, use_tools
from patter.simulators.openai.script import tool

WAIT_S = 0.25
QUICK = Deadlines(first_s=WAIT_S, stall_s=WAIT_S)
TOOL = {"name": "look_up", "parameters": {"type": "object", "properties": {}}}


def question(text="Hello", ask_id="a1", tools=(), messages=()):
    return LlmAsk(ask_id, messages or [{"role": "user", "content": text}], tools)


async def ask(llm, command=None):
    events = []
    await llm.ask(command or question(), events.append)
    return events


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, LlmDelta))


async def nobody_is_answered(server):
    for _ in range(200):
        if not server.answering:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the server still answers")


async def test_it_answers_in_a_stream_and_counts(server, spec):
    server.answer = lambda asked: Answer("Good morning, Ada.", cached_tokens=1)
    *deltas, done = await ask(open_llm(spec()))
    assert text_of(deltas) == "Good morning, Ada." and len(deltas) == 3
    assert done == LlmDone("a1", {"input_tokens": 1, "output_tokens": 3, "cached_tokens": 1})
    assert server.questions[0].body["reasoning_effort"] == "none"


async def test_anybody_who_speaks_the_protocol(server, spec):
    events = await ask(open_llm(spec("openai_compatible", model="gpt-4o")))
    assert text_of(events) == "You said: Hello"


async def test_tools_take_a_round_and_their_results_are_accepted(server, spec):
    server.answer = use_tools(tool("look_up", name="Ada"), tool("look_up", name="Ben"))
    llm = OpenAiLlm(spec())
    first, second, done = await ask(llm, question(tools=[TOOL]))
    assert isinstance(first, LlmToolCall) and isinstance(done, LlmDone)
    assert (first.arguments, second.arguments) == ('{"name": "Ada"}', '{"name": "Ben"}')
    calls = [
        {"id": c.tool_call_id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
        for c in (first, second)
    ]
    messages = [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": first.tool_call_id, "content": "1815"},
        {"role": "tool", "tool_call_id": second.tool_call_id, "content": "1816"},
    ]
    events = await ask(llm, question(messages=messages, tools=[TOOL]))
    assert text_of(events) == "The tools say: 1815 and 1816"


async def test_connections_are_kept(server, spec):
    await ask(OpenAiLlm(spec()))
    await ask(OpenAiLlm(spec()))
    assert len(server.connections) == 1


async def test_two_calls_at_once_do_not_mix(server, spec):
    llm = OpenAiLlm(spec())
    one, two = await asyncio.gather(ask(llm, question("one", "a1")), ask(llm, question("two", "a2")))
    assert (text_of(one), text_of(two)) == ("You said: one", "You said: two")
    assert {event.ask_id for event in two} == {"a2"}


@pytest.mark.parametrize("answer", [Answer(), Answer("Well", finish="length"), Answer(tools=(ToolUse("x"),))])
async def test_every_finish_ends_in_done(server, spec, answer):
    server.answer = lambda asked: answer
    assert isinstance((await ask(OpenAiLlm(spec())))[-1], LlmDone)


async def test_cancelling_frees_the_connection(server, spec, engine_tasks):
    server.answer = lambda asked: "one two three four"
    server.faults.add("chat", Fault(stall_after=3))
    begun = asyncio.Event()
    task = asyncio.create_task(OpenAiLlm(spec()).ask(question(), lambda event: begun.set()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await nobody_is_answered(server)
    assert engine_tasks() == []


@pytest.mark.parametrize(
    ("fault", "permanent"),
    [
        (Fault(status=400, code="invalid_value"), True),
        (Fault(status=401), True),
        (Fault(status=403), True),
        (Fault(status=404, code="model_not_found"), True),
        (Fault(status=429), False),
        (Fault(status=429, code="insufficient_quota"), True),
        (Fault(status=429, retry_after_s=60), False),
        (Fault(status=500), False),
        (Fault(status=503), False),
        (Fault(silent=True), False),
        (Fault(late_s=2 * WAIT_S), False),
        (Fault(stall_after=0), False),
        (Fault(stall_after=2), False),
        (Fault(cut_after=0), False),
        (Fault(cut_after=2), False),
        (Fault(garbage=True), False),
    ],
)
async def test_every_failure_is_one_event(server, spec, fault, permanent):
    server.faults.add("chat", fault)
    started = asyncio.get_running_loop().time()
    *_, failed = events = await ask(OpenAiLlm(spec(), QUICK))
    assert isinstance(failed, LlmFailed) and failed.permanent is permanent and failed.error
    assert sum(isinstance(event, LlmFailed | LlmDone) for event in events) == 1
    assert asyncio.get_running_loop().time() - started < 4 * WAIT_S


@pytest.mark.parametrize(
    "fault",
    [
        Fault(no_end=True),
        Fault(stall_after=5),  # the finish was the fifth
        Fault(stall_after=6),
        Fault(cut_after=5),
        Fault(cut_after=6),
    ],
)
async def test_what_is_missing_after_the_finish_is_not_missed(server, spec, fault):
    server.faults.add("chat", fault)
    *_, done = events = await ask(OpenAiLlm(spec()))
    assert text_of(events) == "You said: Hello" and isinstance(done, LlmDone)


async def test_a_wrong_key_is_permanent(spec):
    [failed] = await ask(OpenAiLlm(spec(api_key="sk-wrong")))
    assert failed.permanent and "invalid_api_key" in failed.error and "sk-wrong" not in failed.error


async def test_nobody_there(spec):
    [failed] = await ask(OpenAiLlm(spec(base_url="http://127.0.0.1:9/v1"), QUICK))
    assert isinstance(failed, LlmFailed) and not failed.permanent


async def test_retry_after_is_kept_while_there_is_time(server, spec):
    server.faults.add("chat", Fault(status=429, retry_after_s=0.05))
    assert text_of(await ask(OpenAiLlm(spec(), QUICK))) == "You said: Hello"
    assert server.requests["chat"] == 2


def test_a_key_is_needed(server, spec):
    with pytest.raises(ConfigError):
        OpenAiLlm(spec(api_key=None))
    with pytest.raises(ConfigError):
        OpenAiLlm(spec("openai_compatible", model="m", base_url=None))


@pytest.mark.parametrize("base_url", ["{0}", "{0}/", "{0}/v1", "{0}/v1/", "{0}/v1/v1"])
async def test_the_address_is_mended(server, spec, base_url):
    host = server.base_url.removesuffix("/v1")
    assert isinstance((await ask(OpenAiLlm(spec(base_url=base_url.format(host)))))[-1], LlmDone)


async def test_an_answer_that_does_not_end_is_given_up_before_it_fills_the_memory(server, spec):
    server.answer = lambda _: f"Hi. {'a' * MOST_ANSWER_BYTES}"
    events = await ask(OpenAiLlm(spec()))
    assert isinstance(events[-1], LlmFailed) and events[-1].error == "openai: the answer does not end"
    assert sum(len(event.text) for event in events[:-1]) < MOST_ANSWER_BYTES

"""OpenAI's own SDK works against the simulator as it does against OpenAI."""

import pytest
from openai import (
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)

from patter.audio.wav import write_mulaw, write_pcm16
from patter.simulators.openai import Fault, use_tools
from patter.simulators.openai.hearing import Scripted
from patter.simulators.openai.script import tool
from patter.simulators.sound import tone

MODEL = "gpt-6-luna"
HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}},
}
WAV = ("a.wav", write_pcm16(tone(500)), "audio/wav")


@pytest.fixture
async def vendor(server):
    async with AsyncOpenAI(api_key=server.api_key, base_url=server.base_url, max_retries=0) as client:
        yield client


async def test_a_streamed_answer_with_its_usage(vendor):
    stream = await vendor.chat.completions.create(
        model=MODEL,
        messages=HELLO,
        stream=True,
        stream_options={"include_usage": True},
        reasoning_effort="none",
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "You said: Hello"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert (chunks[-1].choices, chunks[-1].usage.prompt_tokens, chunks[-1].usage.total_tokens) == ([], 1, 4)
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_an_answer_at_once(vendor):
    answer = await vendor.chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message.content == "You said: Hello"
    assert answer.usage.completion_tokens == 3


async def test_the_sdk_puts_streamed_tool_calls_together(server, vendor):
    server.answer = use_tools(tool("look_up", name="Ada"), tool("look_up", name="Ben"))
    async with vendor.chat.completions.stream(
        model=MODEL, messages=HELLO, tools=[TOOL], reasoning_effort="none"
    ) as stream:
        final = await stream.get_final_completion()
    message = final.choices[0].message
    assert final.choices[0].finish_reason == "tool_calls"
    assert [call.function.arguments for call in message.tool_calls] == ['{"name": "Ada"}', '{"name": "Ben"}']
    assert len({call.id for call in message.tool_calls}) == 2
    results = [{"role": "tool", "tool_call_id": call.id, "content": "1815"} for call in message.tool_calls]
    answer = await vendor.chat.completions.create(
        model=MODEL,
        messages=[*HELLO, message.model_dump(exclude_none=True, include={"role", "tool_calls"}), *results],
    )
    assert answer.choices[0].message.content == "The tools say: 1815 and 1815"


async def test_transcriptions_at_once_and_streamed(server, vendor):
    server.hear = Scripted(["Good morning.", "Good evening."])
    heard = await vendor.audio.transcriptions.create(
        model="gpt-transcribe", file=WAV, language="en", prompt="Times of day.", keywords=["Ada", "Ben"]
    )
    assert (heard.text, heard.usage.seconds) == ("Good morning.", 1)
    assert server.recordings[0].keywords == ("Ada", "Ben")
    stream = await vendor.audio.transcriptions.create(model="gpt-transcribe", file=WAV, stream=True)
    events = [event async for event in stream]
    assert [event.type for event in events] == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert events[-1].text == "Good evening."


async def test_speech_streamed(vendor):
    asked = {"model": "gpt-4o-mini-tts", "voice": "marin", "input": "Good morning.", "response_format": "pcm"}
    async with vendor.audio.speech.with_streaming_response.create(**asked) as response:
        pcm = b"".join([piece async for piece in response.iter_bytes(1920)])
    assert len(pcm) / 48 == pytest.approx(65 * 13, abs=5)
    wav = await vendor.audio.speech.create(**{**asked, "response_format": "wav"})
    assert wav.content[:4] == b"RIFF"


async def test_models_say_when_they_end(vendor):
    listed = {model.id: model async for model in vendor.models.list()}
    assert listed["gpt-4o-mini-tts"].shutdown_date == "2027-01-06"


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (Fault(status=401), AuthenticationError, "invalid_api_key"),
        (Fault(status=429, retry_after_s=7), RateLimitError, "rate_limit_exceeded"),
        (Fault(status=429, code="insufficient_quota"), RateLimitError, "insufficient_quota"),
        (Fault(status=500), InternalServerError, "server_error"),
    ],
)
async def test_refusals_are_those_that_the_sdk_knows(server, vendor, fault, error, code):
    server.faults.add("chat", fault)
    with pytest.raises(error) as refused:
        await vendor.chat.completions.create(model=MODEL, messages=HELLO)
    assert refused.value.code == code
    if fault.retry_after_s:
        assert refused.value.response.headers["retry-after"] == "7"


CALLS = [{"id": "c1", "type": "function", "function": {"name": "x", "arguments": "{}"}}]
CALLED = {"role": "assistant", "tool_calls": CALLS}


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"model": "gpt-2"}, NotFoundError),
        ({"tools": [TOOL]}, BadRequestError),
        ({"max_tokens": 5}, BadRequestError),
        ({"model": "gpt-4o", "reasoning_effort": "none"}, BadRequestError),
        ({"model": "gpt-5-mini", "reasoning_effort": "none"}, BadRequestError),
        ({"temperature": 3}, BadRequestError),
        ({"tool_choice": "auto"}, BadRequestError),
        ({"stream_options": {"include_usage": True}}, BadRequestError),
        ({"extra_body": {"top_k": 3}}, BadRequestError),
        ({"messages": []}, BadRequestError),
        ({"messages": [*HELLO, {"role": "tool", "tool_call_id": "c1", "content": "1"}]}, BadRequestError),
        ({"messages": [*HELLO, CALLED]}, BadRequestError),
        ({"messages": [*HELLO, CALLED, *HELLO]}, BadRequestError),
        ({"messages": [{"role": "assistant", "content": None}]}, BadRequestError),
    ],
)
async def test_what_openai_refuses_is_refused(vendor, more, error):
    with pytest.raises(error):
        await vendor.chat.completions.create(**{"model": MODEL, "messages": HELLO, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"file": ("a.wav", write_mulaw(tone(500)), "audio/wav")},
        {"file": ("a.raw", write_pcm16(tone(500)), "audio/wav")},
        {"file": ("a.wav", write_pcm16(tone(50)), "audio/wav")},
        {"file": ("a.wav", b"noise", "audio/wav")},
        {"language": "en-GB"},
        {"response_format": "srt"},
        {"model": "whisper-1", "keywords": ["Ada"]},
    ],
)
async def test_recordings_that_openai_refuses_are_refused(vendor, more):
    with pytest.raises(BadRequestError):
        await vendor.audio.transcriptions.create(**{"model": "gpt-transcribe", "file": WAV, **more})


@pytest.mark.parametrize(
    "more",
    [{"voice": "hal"}, {"input": ""}, {"input": "x" * 4097}, {"speed": 5}, {"response_format": "ulaw"},
     {"model": "tts-1", "instructions": "Calm."}],
)  # fmt: skip
async def test_speech_that_openai_refuses_is_refused(vendor, more):
    with pytest.raises(BadRequestError):
        await vendor.audio.speech.create(
            **{"model": "gpt-4o-mini-tts", "voice": "marin", "input": "Hi", "response_format": "pcm", **more}
        )

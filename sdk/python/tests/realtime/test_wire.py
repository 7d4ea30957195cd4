"""Messages of the server, as the machine gets them, and what their usage is by our meters."""

import base64
import json

import pytest

from patter.engines.realtime.tools import Run, ToolRounds
from patter.engines.realtime.usage import response_usage, transcription_usage
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    Committed,
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TextDone,
    ToolCalled,
    Trouble,
    UserDelta,
    UserSaid,
    parse,
)

SPOKEN = "conversation.item.input_audio_transcription"
IDS = {"response_id": "r1", "item_id": "i1"}
CALL = {"type": "function_call", "call_id": "c1", "name": "hours", "arguments": '{"day": 1}'}
FAILED = {"type": "failed", "error": {"code": "server_error", "message": "Later."}}


def response(**more):
    return {"response": {"id": "r1", "metadata": {"tag": "t1"}, **more}}


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("session.updated", {"session": {}}, SessionUpdated()),
        ("input_audio_buffer.speech_started", {"item_id": "i1", "audio_start_ms": 5}, SpeechStarted("i1", 5)),
        ("input_audio_buffer.speech_stopped", {"item_id": "i1", "audio_end_ms": 9}, SpeechStopped("i1", 9)),
        ("input_audio_buffer.committed", {"item_id": "i1", "previous_item_id": None}, Committed("i1", "")),
        (f"{SPOKEN}.delta", {"item_id": "i1", "delta": "He"}, UserDelta("i1", "He")),
        (f"{SPOKEN}.completed", {"item_id": "i1", "transcript": " Hello. "}, UserSaid("i1", "Hello.")),
        (f"{SPOKEN}.failed", {"item_id": "i1", "error": {}}, UserSaid("i1", None)),
        ("response.created", response(), ResponseCreated("r1", "t1")),
        ("response.created", response(metadata=None), ResponseCreated("r1", "")),
        (
            "response.output_audio.delta",
            {**IDS, "delta": base64.b64encode(b"\x90\x91").decode()},
            AudioDelta("r1", "i1", b"\x90\x91"),
        ),
        ("response.output_audio.done", IDS, AudioDone("r1", "i1")),
        ("response.output_audio_transcript.delta", {**IDS, "delta": "He"}, TextDelta("r1", "i1", "He")),
        ("response.output_audio_transcript.done", {**IDS, "transcript": "Hey"}, TextDone("r1", "i1", "Hey")),
        (
            "response.output_item.done",
            {"response_id": "r1", "item": CALL},
            ToolCalled("r1", "c1", "hours", '{"day": 1}'),
        ),
        ("response.output_item.done", {"response_id": "r1", "item": {"type": "message"}}, None),
        ("response.done", response(status="completed"), ResponseDone("r1", "t1", "completed")),
        ("response.done", response(status="incomplete"), ResponseDone("r1", "t1", "incomplete")),
        (
            "response.done",
            response(status="cancelled", status_details={"reason": "turn_detected"}),
            ResponseDone("r1", "t1", "cancelled"),
        ),
        (
            "response.done",
            response(status="failed", status_details=FAILED),
            ResponseDone("r1", "t1", "failed", Trouble("server_error", "Later.")),
        ),
        (
            "response.done",
            response(status="failed", status_details=None),
            ResponseDone("r1", "t1", "failed", Trouble("unknown", "")),
        ),
        ("error", {"error": {"type": "invalid", "event_id": "t1"}}, Trouble("invalid", "", "t1")),
        ("response.function_call_arguments.done", {**IDS, "arguments": "{}"}, None),  # told twice, read once
        ("conversation.item.created", {}, None),  # the shape of the beta
    ],
)
def test_what_the_server_says(name, fields, message):
    assert parse(json.dumps({"type": name, "event_id": "event_1", **fields})) == message


def test_usage_is_read_from_every_end_whatever_its_status():
    usage = {"output_token_details": {"audio_tokens": 7}}
    for status in ("completed", "cancelled", "incomplete", "failed"):
        done = parse(json.dumps({"type": "response.done", **response(status=status, usage=usage)}))
        assert isinstance(done, ResponseDone) and done.usage == {"speech_audio_output_tokens": 7}


@pytest.mark.parametrize("usage", [None, [], "much", {}, {"input_token_details": 3}])
def test_usage_that_says_nothing_is_nothing(usage):
    assert response_usage(usage) == {} == transcription_usage(usage)


def test_a_transcript_is_charged_in_tokens_or_in_time():
    assert transcription_usage({"type": "tokens", "total_tokens": 12}) == {"speech_transcription_tokens": 12}
    assert transcription_usage({"type": "duration", "seconds": 1.5}) == {"speech_transcription_ms": 1500}


def test_a_round_that_is_over_is_told_with_its_results():
    rounds = ToolRounds("t1")
    rounds.add(ToolCalled("r1", "c1", "hours", ""))
    [run], surplus = rounds.begin()
    assert (surplus, run.arguments()) == ([], {})
    run.answer({"open": "nine"})
    asked, result = map(json.loads, rounds.retold())
    assert asked["item"]["arguments"] == "{}"
    assert result["item"] == {
        "type": "function_call_output",
        "call_id": "c1",
        "output": '{"open": "nine"}',
    }


@pytest.mark.parametrize("arguments", ["{", "[1]", "1", "null", "[" * 20_000])
def test_arguments_that_are_no_object_are_none(arguments):
    assert Run("t1r1.0", ToolCalled("r1", "c1", "hours", arguments)).arguments() is None

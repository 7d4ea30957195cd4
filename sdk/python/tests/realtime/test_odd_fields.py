"""What a server leaves out, or sends in another shape, costs one message at most and never the call."""

import base64
import copy
import json

import pytest

from patter.bridge.commands import ToolRun
from patter.bridge.events import SpeechMessage
from patter.engines.realtime.wire import ResponseDone, SpeechStarted, ToolCalled, Trouble, parse
from patter.testing.realtime_scene import Scene

SPOKEN = "conversation.item.input_audio_transcription"
IDS = {"response_id": "r1", "item_id": "a1"}
CALL = {"type": "function_call", "call_id": "c1", "name": "hours", "arguments": "{}"}
FAILED = {"type": "failed", "error": {"type": "server_error", "code": "server_error", "message": "Later."}}
TURN = [
    {"type": "input_audio_buffer.speech_started", "item_id": "u1", "audio_start_ms": 5},
    {"type": "input_audio_buffer.speech_stopped", "item_id": "u1", "audio_end_ms": 500},
    {"type": "input_audio_buffer.committed", "item_id": "u1", "previous_item_id": None},
    {"type": f"{SPOKEN}.delta", "item_id": "u1", "delta": "He"},
    {"type": f"{SPOKEN}.completed", "item_id": "u1", "transcript": "Hello", "usage": {"type": "tokens"}},
    {"type": f"{SPOKEN}.failed", "item_id": "u1", "error": {"code": "y"}},
    {"type": "response.created", "response": {"id": "r1", "metadata": {"tag": ""}}},
    {"type": "response.output_audio_transcript.delta", **IDS, "delta": "Hi"},
    {"type": "response.output_audio.delta", **IDS, "delta": base64.b64encode(b"\x90" * 800).decode()},
    {"type": "response.output_audio.done", **IDS},
    {"type": "response.output_audio_transcript.done", **IDS, "transcript": "Hi."},
    {"type": "response.output_item.done", "response_id": "r1", "item": CALL},
    {"type": "error", "error": {"type": "t", "code": "c", "message": "m", "event_id": "e"}},
    {
        "type": "response.done",
        "response": {"id": "r1", "status": "failed", "status_details": FAILED, "output": [CALL], "usage": {}},
    },
]
GONE = object()
ODD = [GONE, None, "", "x", -7, 1.5, True, [], [None], {"a": 1}]


def places(message, before=()):
    for key, value in message.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from places(value, (*before, key))


def changed(message, place, value):
    message = copy.deepcopy(message)
    inner = message
    for key in place[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return message


def parsed(message):
    try:
        return parse(json.dumps(message))
    except ValueError:
        return None


@pytest.mark.parametrize("reply_by", ["model", "handler"])
@pytest.mark.parametrize("at", range(len(TURN)), ids=[message["type"] for message in TURN])
def test_no_field_ends_a_call(at, reply_by):
    for place in places(TURN[at]):
        for odd in ODD:
            call = Scene(reply_by=reply_by)
            for message in [*TURN[:at], changed(TURN[at], place, odd), *TURN[at + 1 :]]:
                if (told := parsed(message)) is not None:
                    call.feed(SpeechMessage(call.speech_id, told))
                call.pass_ms(20)
            assert call.end is None
            json.dumps(call.sent)


def test_a_voice_that_began_at_an_unknown_time_interrupts_all_the_same():
    call = Scene()
    call.says("tell me everything")
    call.replies("We open at nine in the morning and close at ten in the evening.")
    call.pass_ms(1000)
    told = parsed({"type": "input_audio_buffer.speech_started", "audio_start_ms": None})
    assert told == SpeechStarted("", None)
    call.provider(told)
    assert "reply.cut" in call.kinds


def test_an_error_in_other_words_is_an_error():
    assert parsed({"type": "error", "error": "overloaded"}) == Trouble("unknown", "overloaded")
    assert parsed({"type": "error", "error": None}) == Trouble("unknown", "")


@pytest.mark.parametrize("times", [0, 1, 2], ids=["left out", "once", "twice"])
def test_a_tool_is_run_once_however_often_it_is_told(times):
    call = Scene()
    call.says("when do you open")
    item = {"type": "response.output_item.done", "response_id": "r1", "item": CALL}
    done = {"type": "response.done", "response": {"id": "r1", "status": "completed", "output": [CALL]}}
    call.provider(parsed({"type": "response.created", "response": {"id": "r1"}}))
    call.provider(*[parsed(item)] * times, parsed(done), parsed(item), parsed(done))
    assert [run.name for run in call.all(ToolRun)] == ["hours"]
    assert parsed(done) == ResponseDone("r1", "", "completed", calls=(ToolCalled("r1", "c1", "hours", "{}"),))


@pytest.mark.parametrize("lost", ["failed", "late"])
def test_a_caller_whose_words_were_lost_is_asked_to_say_them_again(lost):
    call = Scene(reply_by="handler")
    item = call.says(None)
    if lost == "failed":
        call.provider(parsed({"type": f"{SPOKEN}.failed", "item_id": item, "error": None}))
    call.pass_ms(10_100)
    assert "I did not get that" in call.of_type("response.create")[0]["response"]["instructions"]


def test_a_noise_without_words_is_not_asked_about():
    call = Scene(reply_by="handler")
    call.says("")
    call.pass_ms(5000)
    assert call.of_type("response.create") == []

"""Whole calls in realtime mode over real sockets, with a model and with a handler."""

import pytest

from patter.bridge.events import HandlerDelta, HandlerDone
from patter.bridge.plan import TurnTaking
from patter.simulators.openai.script import Answer, tool, use_tools
from patter.simulators.script import Digits, HangUp, Listen, Over, Say
from patter.simulators.sound import tone

BOTH = pytest.mark.parametrize("reply_by", ["model", "handler"])
LONG = "We open at nine in the morning, the kitchen closes at ten, and on Sundays we rest all day long."
END_CALL = {"type": "function", "function": {"name": "end_call", "parameters": {"type": "object"}}}
HOURS = {"type": "function", "function": {"name": "hours", "description": "When we are open."}}


def say_long(ask, emit):
    emit(HandlerDelta(ask.turn_id, LONG))
    emit(HandlerDone(ask.turn_id))


@pytest.mark.supports("greeting", mode="realtime")
@BOTH
async def test_the_greeting_is_heard_and_remembered(home, reply_by):
    call = await home.dial([HangUp()], reply_by=reply_by, first_message="Hello, this is Acme.")
    end = await call.ended()
    assert (end.reason, call.turns) == ("caller_hung_up", [("assistant", "Hello, this is Acme.")])


@pytest.mark.supports("several turns", mode="realtime")
@BOTH
async def test_three_turns(home, reply_by):
    steps = [Say("a" * 9, patience_ms=300), Say("b" * 9), Say("c" * 9), HangUp()]
    home.server.answer = lambda question: f"You said {question.last_said}."
    call = await home.dial(steps, reply_by=reply_by)
    await call.ended()
    said = [("user", "Hello"), ("assistant", "You said Hello.")]
    said += [("user", "Where are you"), ("assistant", "You said Where are you.")]
    said += [("user", "Thank you"), ("assistant", "You said Thank you.")]
    assert call.turns == said
    assert home.server.realtime.sessions[0].errors == []


@pytest.mark.supports("speaking over a reply", mode="realtime")
@BOTH
async def test_speaking_over_a_reply_stops_it_and_only_what_was_heard_is_kept(home, reply_by):
    home.handler.says = say_long
    home.server.answer = lambda question: LONG
    home.server.realtime.late_deltas = 3
    steps = [Say("a" * 9, patience_ms=300), Over("b" * 20, after_ms=1000), HangUp(at_ms=4200)]
    call = await home.dial(steps, reply_by=reply_by)
    await call.ended()
    first, cut, *_ = call.turns
    assert first == ("user", "Hello")
    assert cut[0] == "assistant" and LONG.startswith(cut[1]) and 5 < len(cut[1]) < 45
    [note] = call.noted("reply.cut")[:1]
    assert note["by"] == "voice" and 900 <= note["heard_ms"] <= 2000
    assert len(call.phone.of_kind("cleared")) >= 1
    session = home.server.realtime.sessions[0]
    truncated = [event for event in session.received if event["type"] == "conversation.item.truncate"]
    if reply_by == "model":
        assert abs(truncated[0]["audio_end_ms"] - note["heard_ms"]) <= 60
    else:
        assert not truncated
        assert home.handler.cancelled[0][1] == cut[1]
    assert session.errors == []


@pytest.mark.supports("keys", mode="realtime")
@BOTH
async def test_a_key_is_a_turn_of_its_own(home, reply_by):
    home.server.answer = lambda question: f"You pressed {question.last_said}."
    steps = [Digits("5", patience_ms=1200), HangUp()]
    call = await home.dial(steps, reply_by=reply_by, first_message="Hello.")
    await call.ended()
    said = "pressed" if reply_by == "model" else "said"
    assert call.turns[-2:] == [("user", "[DTMF: 5]"), ("assistant", f"You {said} [DTMF: 5].")]


@pytest.mark.supports("tools", mode="realtime", reply_by="model")
async def test_a_tool_runs_once_and_the_reply_knows_its_result(home):
    home.server.answer = use_tools(tool("hours", day="monday"), then="We open: {results}.")
    call = await home.dial([Say("a" * 9, patience_ms=300), HangUp()], reply_by="model", tools=[HOURS])
    await call.ended()
    [run] = home.tools.asked
    assert (run.name, run.arguments) == ("hours", {"day": "monday"})
    assert call.turns[-1] == ("assistant", 'We open: {"at": "nine"}.')
    session = home.server.realtime.sessions[0]
    asked = [event["type"] for event in session.received if event["type"] != "session.update"]
    assert asked == ["conversation.item.create", "response.create"]


@pytest.mark.supports("the agent ends the call", mode="realtime")
@BOTH
async def test_the_agent_ends_the_call_when_its_goodbye_was_heard(home, reply_by):
    home.server.answer = lambda question: Answer("Thank you, goodbye now.", tools=(tool("end_call"),))
    values = TurnTaking(idle_prompts=0, idle_prompt_s=4 if reply_by == "model" else 1)
    steps = [Say("a" * 9, patience_ms=2500), Listen()]
    call = await home.dial(steps, reply_by=reply_by, tools=[END_CALL], turn_taking=values)
    end = await call.ended()
    if reply_by == "model":
        assert (end.reason, call.turns[-1][1]) == ("agent_ended", "Thank you, goodbye now.")
    else:
        assert (end.reason, call.turns[-1][1]) == ("idle", "Goodbye.")
    heard = bytes(call.phone.media.agent)
    assert len(heard.strip(b"\xff")) >= len(tone(65 * len(call.turns[-1][1]))) * 0.9


async def test_tone_in_is_tone_out(home):
    call = await home.dial([Say("a" * 12, patience_ms=300), HangUp()], reply_by="handler")
    await call.ended()
    voice = tone(65 * 12)
    assert voice[800:3000] in bytes(home.server.realtime.sessions[0].audio)
    assert tone(65 * len("You said Hello."))[:3000] in bytes(call.phone.media.agent)
    assert call.log.entries[-1].usage["speech_audio_output_tokens"] > 0

"""The provider fails over real sockets: the call goes on, or it ends with an apology and a reason.

Each moment and each way, on the test's own clock: ``test_each_moment.py``.
"""

import pytest

from patter.bridge.events import TtsAudio, TtsDone
from patter.simulators.fault_plan import Fault
from patter.simulators.openai.realtime import Moment
from patter.simulators.script import HangUp, Listen, Say
from patter.simulators.sound import tone

BOTH = pytest.mark.parametrize("reply_by", ["model", "handler"])
APOLOGY = "Sorry, something went wrong on our side. Please try again later. Goodbye."


async def ask(home, reply_by, *steps, **plan):
    home.server.answer = lambda question: f"You said {question.last_said}."
    wanted = steps or (Say("a" * 9, patience_ms=300), HangUp())
    return await home.dial(list(wanted), reply_by=reply_by, **plan)


@BOTH
@pytest.mark.parametrize("status", [401, 404])
async def test_a_key_that_is_wrong_ends_the_call_with_the_carriers_voice(home, reply_by, status):
    home.server.faults.always("realtime", Fault(status=status))
    call = await ask(home, reply_by, Listen(), first_message="Hello.")
    end = await call.ended()
    assert end.reason == "provider_error"
    [spoken] = call.phone.of_kind("carrier_said")
    assert spoken.data["text"] == APOLOGY
    assert len(call.noted("speech.failed")) == 1


@pytest.mark.parametrize(
    "fault", [Fault(status=429), Fault(status=500), Fault(silent=True), Fault(late_s=3.0)]
)
async def test_a_server_that_is_not_there_for_a_moment_costs_nothing_but_time(home, fault):
    home.server.faults.add("realtime", fault)
    call = await ask(home, "model", Say("a" * 9, patience_ms=4500), HangUp(), first_message="Hello.")
    end = await call.ended(30)
    assert end.reason == "caller_hung_up"
    assert call.turns[0] == ("assistant", "Hello.")


async def test_a_server_that_never_comes_back_ends_the_call(home):
    home.server.faults.always("realtime", Fault(status=503))
    call = await ask(home, "handler", Listen())
    end = await call.ended()
    assert (end.reason, len(call.noted("speech.failed"))) == ("provider_error", 3)
    assert [fact.data["text"] for fact in call.phone.of_kind("carrier_said")] == [APOLOGY]


MOMENTS = ["session.updated", "input_audio_buffer.committed", "response.output_audio.delta"]


@BOTH
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_session_that_is_lost_is_replaced_and_the_call_goes_on(home, reply_by, moment):
    home.server.realtime.moments.add(Moment(moment, drop=True))
    steps = (Say("a" * 9, patience_ms=300), Say("b" * 9, patience_ms=6000), HangUp())
    call = await ask(home, reply_by, *steps)
    end = await call.ended(40)
    assert end.reason == "caller_hung_up"
    assert len(home.server.realtime.sessions) == 2
    last = [text for role, text in call.turns if role == "assistant"][-1]
    assert last.startswith("You said")


@pytest.mark.supports("a provider that breaks within a word", mode="realtime")
@BOTH
async def test_a_session_that_breaks_within_a_word_is_replaced_and_the_reply_goes_on(home, reply_by):
    home.server.realtime.moments.add(Moment("response.output_audio.delta", skip=4, close=1011))
    call = await ask(home, reply_by, Say("a" * 9, patience_ms=300), Say("b" * 9), HangUp())
    await call.ended(30)
    assert len(home.server.realtime.sessions) == 2
    assert call.turns[-1][1].startswith("You said")
    if reply_by == "model":
        told = [e["item"] for e in home.server.realtime.sessions[1].received if "item" in e]
        assert [item["role"] for item in told][:2] == ["user", "system"]


async def test_an_hour_that_is_over_is_a_new_session_that_knows_what_was_said(home):
    home.server.realtime.session_s = 3.5
    steps = (Say("a" * 9, patience_ms=300), Say("b" * 9), HangUp(at_ms=6500))
    call = await ask(home, "model", *steps)
    await call.ended(30)
    first, second, *_ = home.server.realtime.sessions
    assert first.closed.is_set()
    told = [event["item"] for event in second.received if event["type"] == "conversation.item.create"]
    assert told[0]["content"] == [{"type": "input_text", "text": "Hello"}]
    assert told[1]["content"] == [{"type": "output_text", "text": "You said Hello."}]


@pytest.mark.parametrize(
    ("reply_by", "code"), [("model", "rate_limit_exceeded"), ("handler", "server_error")]
)
async def test_a_response_that_failed_is_asked_for_again(home, reply_by, code):
    home.server.realtime.moments.add(Moment("response.done", code=code))
    call = await ask(home, reply_by, Say("a" * 9, patience_ms=300), HangUp())
    end = await call.ended()
    assert end.reason == "caller_hung_up"
    assert [note["code"] for note in call.noted("response.failed")] == [code]
    assert len(home.server.realtime.sessions) == 1


@pytest.mark.supports("a spoken apology when the provider is down", mode="realtime")
@BOTH
async def test_an_account_without_money_ends_the_call(home, reply_by):
    home.server.realtime.moments.add(Moment("response.done", code="insufficient_quota"))
    call = await ask(home, reply_by, Say("a" * 9, patience_ms=300), Listen())
    end = await call.ended()
    assert end.reason == "provider_error"
    assert [fact.data["text"] for fact in call.phone.of_kind("carrier_said")] == [APOLOGY]


NONSENSE = ("{", "[]", '{"type": []}', '{"type": "response.output_audio.delta"}', '{"type": "error"}')
HARMLESS = ("response_cancel_not_active", "conversation_already_has_active_response", "unknown_parameter")


async def test_nonsense_and_errors_that_leave_the_session_open_leave_the_call_alone(home):
    home.server.realtime.moments.add(*(Moment("response.created", error=code) for code in HARMLESS))
    delta = "response.output_audio.delta"
    home.server.realtime.moments.add(*(Moment(delta, garbage=text) for text in NONSENSE))
    steps = [Say("a" * 5, patience_ms=300), *(Say(text * 5) for text in "bcd"), HangUp()]
    call = await ask(home, "model", *steps)
    await call.ended()
    assert call.turns[:2] == [("user", "Hello"), ("assistant", "You said Hello.")]
    assert [role for role, _ in call.turns] == ["user", "assistant"] * 4
    assert len(home.server.realtime.sessions) == 1


async def test_a_session_that_falls_silent_is_replaced(home):
    home.server.realtime.moments.add(Moment("response.created", silent=True))
    call = await ask(home, "model", Say("a" * 9, patience_ms=300), HangUp(at_ms=11000))
    await call.ended(30)
    assert len(home.server.realtime.sessions) == 2
    assert call.turns[-1] == ("assistant", "You said Hello.")


async def test_a_transcript_that_is_late_does_not_change_the_order(home):
    completed = "conversation.item.input_audio_transcription.completed"
    home.server.realtime.moments.add(Moment(completed, late_s=2.0))
    call = await ask(home, "model", Say("a" * 9, patience_ms=300), Say("b" * 9), HangUp())
    await call.ended(30)
    assert [role for role, _ in call.turns] == ["user", "assistant"] * 2
    assert call.turns[0] == ("user", "Hello")


async def test_with_another_voice_the_apology_is_spoken_by_it(home):
    class Voice:
        async def say(self, say_id, text, emit):
            emit(TtsAudio(say_id, tone(800)))
            emit(TtsDone(say_id))

        async def close(self):
            pass

    home.server.faults.always("realtime", Fault(status=401))
    call = await ask(home, "model", Listen(), first_message="Hello.", tts=Voice())
    end = await call.ended()
    assert end.reason == "provider_error"
    assert call.turns == [("assistant", APOLOGY)]
    assert not call.phone.of_kind("carrier_said")

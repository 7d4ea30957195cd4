"""The apology: in the agent's voice, else in the carrier's."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from patter.bridge.call import CallMachine
from patter.bridge.commands import HandlerAsk, HangUp, TtsSay
from patter.bridge.events import (
    HandlerFailed,
    HangUpAsked,
    HangUpDone,
    LegOpened,
    LegStopped,
    LlmFailed,
    SttFailed,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import CallPlan, Phrases
from patter.bridge.session import CallSession, Performers
from patter.carriers.twilio.rest import TwilioRest
from patter.engines.pipeline.machine import PipelineMachine
from patter.errors import CarrierError
from patter.testing.fakes import FakeControl, FakeLeg, FakeLog, FakePerformer, FakeStt
from patter.testing.scene import Scene

APOLOGY, RETRY = Phrases().apology, Phrases().retry


def fail_what_is_asked(call: Scene, but: Callable[[str], bool] = lambda text: False) -> None:
    """The voice is dead, except for what is stored. Until nothing new is asked of it."""
    done = 0
    while done < len(call.all(TtsSay)):
        said = call.all(TtsSay)[done]
        done += 1
        if but(said.text):
            call.feed(TtsAudio(said.say_id, b"\x22" * 8 * 500), TtsDone(said.say_id))
        else:
            call.feed(TtsFailed(said.say_id, "401", permanent=True))


def scene(**plan: object) -> Scene:
    """The first answer failed, and the caller heard the stored phrase in its place."""
    call = Scene(speaks=False, **plan).open()  # type: ignore[arg-type]
    call.says("hello")
    call.handler_says("Hello.")
    fail_what_is_asked(call, lambda text: text in RETRY)
    call.pass_ms(1500)
    call.says("are you there")
    return call


def test_the_first_failure_of_a_dead_voice_is_not_silence():
    call = scene()
    assert call.turns[:2] == [("user", "hello"), ("assistant", RETRY)]
    assert call.end is None


@pytest.mark.parametrize("heard_ms", [0, 400])
def test_a_greeting_that_breaks_is_no_reason_to_ask_the_caller_to_say_it_again(heard_ms):
    call = Scene(speaks=False, first_message="Good morning, this is the kitchen.").open()
    [greeting] = call.all(TtsSay)
    if heard_ms:
        call.feed(TtsAudio(greeting.say_id, b"\x90" * 8 * heard_ms))
    call.feed(TtsFailed(greeting.say_id, "no audio in time", tried=True))
    if heard_ms:  # the rest of it was tried, too
        call.feed(TtsFailed(call.last(TtsSay).say_id, "no audio in time", tried=True))
    call.pass_ms(1000)
    assert len(call.all(TtsSay)) == (2 if heard_ms else 1) and call.end is None
    call.says("hello")
    call.handler_says("Yes.")
    said = call.last(TtsSay)
    call.feed(TtsAudio(said.say_id, b"\x90" * 8 * 400), TtsDone(said.say_id))
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "Yes.")


def test_a_greeting_that_no_voice_will_ever_say_ends_the_call_with_the_stored_apology():
    call = Scene(speaks=False, first_message="Hello.").open()
    fail_what_is_asked(call, lambda text: text in APOLOGY)
    call.pass_ms(3000)
    assert call.turns == [("assistant", APOLOGY)]
    assert call.end is not None and call.end.reason == "provider_error"


def test_an_announcement_that_nobody_heard_is_not_passed_over():
    call = Scene(speaks=False, announcement="This call is recorded.", first_message="Hello.").open()
    [notice] = call.all(TtsSay)
    call.feed(TtsFailed(notice.say_id, "no audio in time", tried=True))
    fail_what_is_asked(call, lambda text: text in APOLOGY)
    call.pass_ms(3000)
    assert call.turns == [("assistant", APOLOGY)]
    assert call.end is not None and call.end.reason == "provider_error"


def test_a_dead_voice_with_nothing_stored_ends_the_call_at_once_in_the_carrier_s():
    call = Scene(speaks=False, first_message="Hello.").open()
    fail_what_is_asked(call)
    assert call.all(HangUp) == [HangUp(APOLOGY, "en")]
    call.pass_ms(200)
    assert call.end is not None and call.end.reason == "provider_error"
    call.check()


def test_an_answer_that_breaks_off_is_followed_by_the_phrase():
    call = Scene(speaks=False).open()
    call.says("hello there")
    call.handler_says("One is here. Two is there now.")
    first, second = call.all(TtsSay)
    call.feed(TtsFailed(second.say_id, "401", permanent=True))
    call.feed(TtsAudio(first.say_id, b"\x90" * 8 * 400), TtsDone(first.say_id))
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "One is here.")
    assert call.last(TtsSay).text in RETRY


def test_a_dead_voice_without_anything_stored_leaves_it_to_the_carrier():
    call = scene(language="de")
    call.handler_says("Yes.")
    fail_what_is_asked(call)
    assert call.all(HangUp) == [HangUp(APOLOGY, "de")]
    assert "carrier.speaks" in call.kinds
    call.pass_ms(200)
    assert call.end is not None and call.end.reason == "provider_error"
    call.check()


def test_a_dead_voice_with_a_stored_apology_says_it_itself():
    call = scene()
    call.handler_says("Yes.")
    fail_what_is_asked(call, lambda text: text in APOLOGY)
    call.pass_ms(3000)
    assert call.all(HangUp) == [HangUp()]
    assert call.turns[-1] == ("assistant", APOLOGY)
    assert call.end is not None and call.end.reason == "provider_error"
    call.check()


def test_a_stored_phrase_between_two_failures_does_not_hide_them():
    call = scene()
    call.handler_says("")
    call.pass_ms(11_000)
    fail_what_is_asked(call, lambda text: "still there" in text)
    call.pass_ms(1000)
    call.says("yes I am here")
    call.handler_says("Good.")
    fail_what_is_asked(call)
    assert call.all(HangUp) == [HangUp(APOLOGY, "en")]


def test_a_caller_who_hung_up_is_not_called_back_to_hear_it():
    call = scene()
    call.handler_says("Yes.")
    call.feed(LegStopped())
    fail_what_is_asked(call)
    assert call.all(HangUp) == []
    call.check()


def test_an_apology_of_which_something_was_heard_is_not_said_again():
    call = scene()
    call.handler_says("Yes.")
    fail_what_is_asked(call, lambda text: text.startswith("Sorry, something"))
    call.pass_ms(3000)
    assert call.all(HangUp) == [HangUp()]


@pytest.mark.parametrize(("reply_by", "reason"), [("handler", "handler_lost"), ("model", "provider_error")])
def test_nobody_answers_and_nobody_can_say_so(reply_by, reason):
    call = Scene(speaks=False, reply_by=reply_by).open()
    for _ in range(3):
        if call.all(HangUp):
            break
        call.says("hello there")
        if reply_by == "handler":
            call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error", "x"))
        else:
            call.feed(
                LlmFailed(call.commands[-1].ask_id if hasattr(call.commands[-1], "ask_id") else "t1", "x")
            )
        fail_what_is_asked(call)
        call.pass_ms(200)
    assert call.all(HangUp) == [HangUp(APOLOGY, "en")]


async def ended(control: FakeControl) -> FakeLog:
    """A session whose every provider is down."""
    log, leg = FakeLog(), FakeLeg()
    broken = FakePerformer(lambda asked, emit: emit(TtsFailed(asked[0], "down", permanent=True)))

    class Deaf(FakeStt):
        async def run(self, stt_id, emit) -> None:
            emit(SttFailed(stt_id, "down", permanent=True))

    machine = CallMachine(CallPlan("c1"), PipelineMachine, asyncio.get_running_loop().time())
    session = CallSession(machine, control=control, performers=Performers(stt=Deaf, tts=broken), log=log)
    session.attach(leg)
    running = asyncio.create_task(session.run())
    session.feed(LegOpened("MZ1", "CA1", "AC1"))
    await asyncio.wait_for(running, 8)
    session.feed(HangUpAsked())
    session.feed(HangUpDone())
    return log


async def test_the_carrier_speaks_once_and_is_not_asked_to_hang_up():
    control = FakeControl()
    log = await ended(control)
    assert control.said == [("CA1", APOLOGY, "en")] and control.asked == []
    assert log.entries[-1].reason == "provider_error"


@pytest.mark.parametrize("says", [CarrierError("twilio", "no", permanent=False), ValueError("odd"), None])
async def test_a_carrier_that_cannot_speak_hangs_up(says, monkeypatch):
    monkeypatch.setattr("patter.bridge.line.CARRIER_SAYS_WITHIN_S", 0.1)
    control = FakeControl(says=says)
    log = await ended(control)
    assert len(control.said) == 1 and control.asked == ["CA1"]
    assert log.entries[-1].reason == "provider_error"


@pytest.mark.parametrize(
    ("language", "spoken"), [("en", "en-US"), ("de", "de-DE"), ("de-CH", "de-CH"), ("xx", "en-US")]
)
async def test_twilio_is_given_a_document(language, spoken):
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(httpx.QueryParams(request.content.decode())["Twiml"])
        return httpx.Response(404, json={"code": 20404})

    async with TwilioRest("AC1", "t", transport=httpx.MockTransport(answer)) as rest:
        await rest.say_and_hang_up("CA1", "Sorry & goodbye " * 300, language)
    [document] = asked
    assert f'<Say language="{spoken}">Sorry &amp; goodbye' in document
    assert "<Hangup" in document

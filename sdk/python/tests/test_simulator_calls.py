import pytest

from patter.audio.frames import FRAME_BYTES
from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import CallerAudio, DigitPressed, LegOpened, LegStopped, MarkPlayed
from patter.simulators.echo import EchoApp, echo
from patter.simulators.script import Digits, HangUp, Listen, Say
from patter.simulators.sound import is_audible, tone

TOKEN = "0123456789abcdef"
OUR, ADA = "+15550001111", "+15550002222"


@pytest.fixture
async def app(sim):
    async with EchoApp(TOKEN) as app:
        sim.world.numbers[OUR].voice_url = app.voice_url
        sim.world.numbers[OUR].status_callback = app.url("status")
        yield app


async def test_a_call_from_ring_to_end(sim, app):
    call = await sim.dial_in(OUR, ADA, [Say("Hi", patience_ms=100), HangUp(at_ms=700)])
    await call.ended()
    [form] = app.forms["voice"]
    fields = dict(form)
    assert (fields["CallSid"], fields["CallStatus"], fields["Direction"]) == (call.sid, "ringing", "inbound")
    assert (fields["From"], fields["Caller"], fields["To"], fields["Called"]) == (ADA, ADA, OUR, OUR)
    assert (call.status, call.cause, app.refused) == ("completed", "caller_hung_up", 0)
    assert app.told("stream", "StreamEvent") == ["stream-started", "stream-stopped"]
    [done] = app.forms["status"]
    assert {**dict(done), "Timestamp": ""}.items() >= {
        ("CallStatus", "completed"),
        ("CallbackSource", "call-progress-events"),
        ("CallDuration", "1"),
        ("Timestamp", ""),
    }
    assert call.trouble_codes == []


async def test_both_sides_are_heard_and_kept(sim, app):
    call = await sim.dial_in(OUR, ADA, [Say("Hello", patience_ms=100), HangUp(at_ms=800)])
    await call.ended()
    caller, agent = bytes(call.media.caller), bytes(call.media.agent)
    assert len(caller) == len(agent) >= 38 * FRAME_BYTES
    assert is_audible(agent)
    voice = caller[caller.index(tone(20)[1:9]) :][: 8 * 200]
    assert voice[80:] in agent


async def test_what_the_application_hears(sim, app):
    heard = []

    async def listen(leg):
        while (event := await leg.next()) is not None:
            heard.append(event)
            if isinstance(event, LegStopped):
                return

    app._on_media = listen
    call = await sim.dial_in(OUR, ADA, [Say("x", patience_ms=0), Digits("7", patience_ms=0), Listen()])
    await call.reached("digit")
    call.end("caller_hung_up")
    await call.ended()
    opened, *rest = heard
    assert isinstance(opened, LegOpened)
    assert (opened.carrier_call_id, opened.parameters) == (call.sid, {"token": "one-time"})
    audio = [event for event in rest if isinstance(event, CallerAudio)]
    assert {len(event.payload) for event in audio} == {FRAME_BYTES}
    steps = {b.media_ms - a.media_ms for a, b in zip(audio, audio[1:], strict=False)}
    assert steps == {20}
    assert [event for event in rest if isinstance(event, DigitPressed)] == [DigitPressed("7")]
    assert rest[-1] == LegStopped()


async def test_marks_come_back_in_time_and_clear_returns_them(sim, app):
    marks = []

    async def speak(leg):
        await leg.next()
        await leg.send(Mark("at once"), Play(tone(60)), Mark("spoken"), Play(tone(5000)), Mark("cut"))
        while len(marks) < 3 and (event := await leg.next()) is not None:
            if isinstance(event, MarkPlayed):
                marks.append(event.name)
            if marks[-1:] == ["spoken"]:
                await leg.send(Clear())
                marks.append("cleared")
        marks.append((await next_mark(leg)).name)

    async def next_mark(leg):
        while not isinstance(event := await leg.next(), MarkPlayed):
            pass
        return event

    app._on_media = speak
    call = await sim.dial_in(OUR, ADA, [Listen()])
    await call.ended()
    assert marks == ["at once", "spoken", "cleared", "cut"]
    assert (call.cause, len(call.of_kind("cleared"))) == ("application_hung_up", 1)
    assert call.media.counts["agent_bytes_cleared"] > 8 * 4000


async def test_when_the_application_closes_the_socket_the_next_verb_runs(sim, app):
    async def leave(leg):
        await leg.next()

    app._on_media = leave
    app._after = "<Response><Say>We lost you</Say><Play digits='1'/><Hangup/></Response>"
    call = await sim.dial_in(OUR, ADA, [Listen()])
    await call.ended()
    assert [fact.data["text"] for fact in call.of_kind("carrier_said")] == ["We lost you"]
    assert [fact.data["digits"] for fact in call.of_kind("carrier_pressed")] == ["1"]
    assert app.told("after", "CallStatus") == ["in-progress"]


async def test_the_latency_is_that_of_the_application(sim, app):
    async def answer_after_the_caller(leg):
        quiet = spoken = 0
        while (event := await leg.next()) is not None:
            if isinstance(event, CallerAudio):
                loud = is_audible(event.payload)
                spoken, quiet = spoken or loud, 0 if loud else quiet + 1
            if spoken and quiet == 10:
                await leg.send(Play(tone(100)))
            if isinstance(event, LegStopped):
                return

    app._on_media = answer_after_the_caller
    call = await sim.dial_in(OUR, ADA, [Say("Hi", patience_ms=0), HangUp(at_ms=1000)])
    await call.ended()
    [latency_ms] = call.latencies_ms
    assert 200 <= latency_ms <= 300


@pytest.mark.parametrize(
    ("document", "status", "cause"),
    [
        ("<Response><Reject reason='busy'/></Response>", "busy", "rejected"),
        ("<Response><Reject/></Response>", "no-answer", "rejected"),
        ("<Response><Hangup/></Response>", "completed", "application_hung_up"),
        ("<Response><Say>Hi</Say></Response>", "completed", "document_ended"),
        ("<Response><Sing/></Response>", "completed", "document_ended"),
        ("<Response>", "failed", "application_error"),
    ],
)
async def test_documents_without_a_stream(sim, app, document, status, cause):
    app.answer = lambda form: document
    call = await (await sim.dial_in(OUR, ADA, [Listen()])).ended()
    assert (call.status, call.cause) == (status, cause)
    assert app.told("status", "CallStatus") == [status]


async def test_no_call_lasts_for_ever(sim, app):
    app._on_media = echo
    call = await (await sim.dial_in(OUR, ADA, [Listen()], time_limit_s=0.3)).ended()
    assert (call.status, call.cause) == ("completed", "time_limit")


async def test_a_fault_of_the_simulator_is_not_silence(sim, app):
    call = await sim.dial_in(OUR, ADA, [Listen()])
    await call.reached("stream_started")
    call.media.caller = None
    await call.ended()
    assert (call.status, call.cause, len(call.of_kind("simulator_failed"))) == (
        "failed",
        "simulator_failed",
        1,
    )

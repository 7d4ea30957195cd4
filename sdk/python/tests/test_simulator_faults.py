import pytest

from patter.bridge.commands import Mark, Play
from patter.bridge.events import FrameRejected, LegOpened, LegStopped, MarkPlayed
from patter.simulators.echo import EchoApp
from patter.simulators.script import HangUp, Listen
from patter.simulators.sound import tone
from patter.simulators.twilio import Faults

TOKEN = "0123456789abcdef"
OUR, DIAL = "+15550001111", "+15550002222"
SHORT = [HangUp(at_ms=200)]


class Listener:
    """An application that writes down what it hears until the carrier leaves."""

    def __init__(self):
        self.events = []

    async def __call__(self, leg):
        while (event := await leg.next()) is not None:
            self.events.append(event)

    def rejected(self):
        return [event.reason for event in self.events if isinstance(event, FrameRejected)]

    def has(self, kind):
        return any(isinstance(event, kind) for event in self.events)


@pytest.fixture
async def app(sim):
    async with EchoApp(TOKEN, Listener()) as app:
        sim.world.numbers[OUR].voice_url = app.voice_url
        yield app


async def called(sim, steps=SHORT, **faults):
    return await (await sim.dial_in(OUR, DIAL, steps, faults=Faults(**faults))).ended()


def webhooks(call, about):
    return [fact.data["status"] for fact in call.of_kind("webhook") if fact.data["about"] == about]


async def test_a_duplicate_webhook(sim, app):
    call = await called(sim, duplicate_webhook=True)
    assert webhooks(call, "duplicate") == [200]
    assert app.told("voice", "CallSid") == [call.sid, call.sid]


async def test_a_forged_webhook_is_refused_and_a_replayed_one_is_not(sim, app):
    call = await called(sim, forged_webhook=True, replayed_webhook=True)
    assert (webhooks(call, "forged"), webhooks(call, "replayed"), app.refused) == ([403], [200], 1)


async def test_a_late_webhook(sim, app):
    call = await called(sim, late_webhook_s=0.2)
    assert call.answered_ms >= 200


async def test_a_forged_upgrade(sim, app):
    call = await called(sim, forged_upgrade=True)
    assert (call.cause, call.trouble_codes, app.refused) == ("application_error", [31920], 1)
    assert app.told("stream", "StreamEvent") == ["stream-error"]


async def test_no_start(sim, app):
    await called(sim, no_start=True)
    assert not app._on_media.has(LegOpened)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("media_before_start", "timestamp is not a whole number"),
        ("garbage_text", "not JSON"),
        ("binary_frame", "binary frame"),
        ("huge_frame", "frame over 64 kB"),
    ],
)
async def test_bad_frames_do_not_end_the_call(sim, app, fault, reason):
    call = await called(sim, **{fault: True})
    assert app._on_media.rejected() == [reason]
    assert app._on_media.has(LegOpened)
    assert (call.cause, call.trouble_codes) == ("caller_hung_up", [])


async def test_close_without_stop(sim, app):
    await called(sim, close_without_stop=True)
    assert not app._on_media.has(LegStopped)


async def test_stop_without_close(sim, app):
    async def leave_after_stop(leg):
        while not isinstance(await leg.next(), LegStopped):
            pass

    app._on_media = leave_after_stop
    call = await sim.dial_in(OUR, DIAL, SHORT, faults=Faults(stop_without_close=True))
    assert await call.reached("application_closed", timeout_s=3)


async def test_a_lost_socket(sim, app):
    call = await called(sim, [Listen()], lose_socket_at_ms=100)
    assert call.trouble_codes == [31921]
    assert call.cause == "application_hung_up"


async def test_marks_that_never_come_back(sim, app):
    heard = []

    async def mark(leg):
        await leg.next()
        await leg.send(Play(tone(40)), Mark("a"))
        while (event := await leg.next()) is not None:
            heard.append(event)

    app._on_media = mark
    await called(sim, marks_never_echoed=True)
    assert not any(isinstance(event, MarkPlayed) for event in heard)


async def test_faults_that_do_not_exist():
    assert Faults.parse({"no_start": True, "late_webhook_s": 1}) == Faults(no_start=True, late_webhook_s=1)
    for given in ({"rain": True}, {"no_start": 1}, {"late_webhook_s": "1"}):
        with pytest.raises(ValueError):
            Faults.parse(given)

"""A call with real sockets, in real time: the caller speaks, the handler answers, the voice is heard."""

import asyncio

import pytest

from patter.audio.frames import silence
from patter.bridge.call import CallMachine
from patter.bridge.events import HandlerDelta, HandlerDone, HangUpAsked, LegOpened
from patter.bridge.plan import CallPlan
from patter.bridge.session import CallSession, Performers
from patter.engines.pipeline.machine import PipelineMachine
from patter.engines.stt import open_stt
from patter.engines.tts import open_tts
from patter.simulators.deepgram import Faults
from patter.simulators.sound import tone
from sdk.python.tests.chains.caller import Caller as Around

REPLY = "Of course."


class Caller(Around):
    """The same, and a handler."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def ask(self, command, emit) -> None:
        self.asked.append(command.text)
        emit(HandlerDelta(command.turn_id, REPLY))
        emit(HandlerDone(command.turn_id))

    def cancel(self, turn_id: str, heard: str) -> None:
        pass


async def call(spec, stt_provider, audio) -> Caller:
    caller = Caller()
    stt = type(spec)(stt_provider, api_key=spec.api_key, base_url=spec.base_url)
    plan = CallPlan("c1", stt=stt, tts=spec, record=False)
    loop = asyncio.get_running_loop()
    performers = Performers(stt=lambda: open_stt(stt), tts=open_tts(spec), handler=caller)
    machine = CallMachine(plan, PipelineMachine, loop.time())
    caller.session = CallSession(machine, control=caller, performers=performers, log=caller)
    caller.session.attach(caller)
    running = asyncio.create_task(caller.session.run())
    caller.session.feed(LegOpened("MZ1", "CA1", "AC1"))
    await caller.speak(audio)
    caller.session.feed(HangUpAsked())
    await asyncio.wait_for(running, 5)
    return caller


@pytest.mark.parametrize(
    ("stt", "faults"),
    [
        ("deepgram", Faults()),
        ("deepgram_flux", Faults()),
        ("deepgram", Faults(never_speech_final=True)),
        ("deepgram", Faults(never_speech_final=True, no_utterance_end=True)),
        ("deepgram", Faults(never_final=True)),
    ],
    ids=["nova", "flux", "no speech_final", "only finals", "only when asked to finalize"],
)
async def test_a_phrase_is_one_turn_and_is_answered_once(server, spec, stt, faults):
    server.faults = faults
    caller = await call(spec, stt, silence(200) + tone(1100) + silence(1500))
    assert caller.asked == ["what can you do"]
    assert len(caller.played) >= len(tone(65 * len(REPLY)))
    assert {session.path for session in server.sessions} >= {"/v1/speak"}
    async with asyncio.timeout(2):
        await asyncio.gather(*(session.closed.wait() for session in server.sessions))
    assert {session.close_code for session in server.sessions} == {1000}
    assert {session.controls[-1] for session in server.sessions} == {"CloseStream", "Close"}


async def test_a_recogniser_that_is_lost_is_opened_again_and_nothing_is_missed(server, spec):
    server.script = [Faults(drop_at_ms=500)]
    caller = await call(spec, "deepgram", silence(200) + tone(1100) + silence(1500))
    assert caller.asked == ["what can you do"]
    assert [session.path for session in server.sessions].count("/v1/listen") == 2

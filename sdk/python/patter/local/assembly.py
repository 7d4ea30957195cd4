"""The local composition root: from a plan to a session that can carry it.

Only this file knows which classes meet the ports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from patter.bridge.call import CallMachine
from patter.bridge.engine import Engine, Parts
from patter.bridge.plan import CallPlan
from patter.bridge.ports import CallLog, CarrierControl, Handler, ToolRunner, TransferControl
from patter.bridge.session import CallSession, Performers
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm, ChainStt, ChainTts
from patter.engines.convai.ask_line import AskLine
from patter.engines.convai.link import ConvaiSocket
from patter.engines.convai.machine import ConvaiMachine
from patter.engines.convai.settings import settings_of
from patter.engines.pipeline.machine import PipelineMachine
from patter.engines.realtime.machine import RealtimeMachine
from patter.engines.silero import models_for
from patter.engines.speech import open_speech
from patter.guardrails import GuardedHandler, GuardedLlm, Guardrail


@dataclass(frozen=True, slots=True)
class Around:
    """What stands round one call: who answers, who is told, and how the carrier is reached."""

    control: CarrierControl
    log: CallLog
    transfers: TransferControl | None = None
    handler: Handler | None = None
    tools: ToolRunner | None = None
    guardrails: tuple[Guardrail, ...] = ()
    asks: AskLine = field(default_factory=AskLine)
    """Where ElevenLabs asks for this call's replies, in convai mode."""


def pipeline_performers(plan: CallPlan, around: Around) -> Performers:
    """Ears, model or handler, and voice, each with its own instances for this call."""
    ears = Chain("stt", plan.chain("stt"))
    voice = ChainTts(Chain("tts", plan.chain("tts"), keeps=True))
    answers_itself = plan.reply_by == "model" and plan.llm is not None
    llm = ChainLlm(Chain("llm", plan.chain("llm"))) if answers_itself else None
    handler, rails = around.handler, around.guardrails
    return Performers(
        stt=lambda: ChainStt(ears),
        tts=voice,
        llm=GuardedLlm(llm, rails) if llm is not None and rails else llm,
        handler=GuardedHandler(handler, rails) if handler is not None and rails else handler,
        tools=around.tools,
    )


def realtime_performers(plan: CallPlan, around: Around) -> Performers:
    """One socket that hears and speaks, and a spare voice for the system's phrases where there is one."""
    spec = plan.speech
    assert spec is not None, "plan_of saw to it"
    spare = ChainTts(Chain("tts", plan.chain("tts"), keeps=True)) if plan.tts is not None else None
    handler, rails = around.handler, around.guardrails
    return Performers(
        speech=lambda: open_speech(spec),
        tts=spare,
        handler=GuardedHandler(handler, rails) if handler is not None and rails else handler,
        tools=around.tools,
    )


def convai_performers(plan: CallPlan, around: Around) -> Performers:
    """An ElevenLabs agent that hears and speaks, and a spare voice for the system's phrases."""
    spec = plan.speech
    assert spec is not None, "plan_of saw to it"
    spare = ChainTts(Chain("tts", plan.chain("tts"), keeps=True)) if plan.tts is not None else None
    handler, rails = around.handler, around.guardrails
    return Performers(
        speech=lambda: ConvaiSocket(spec, around.asks),
        tts=spare,
        handler=GuardedHandler(handler, rails) if handler is not None and rails else handler,
        tools=around.tools,
    )


def pipeline_machine(parts: Parts) -> PipelineMachine:
    """The engine of a call with ears, model or handler, and voice of its own."""
    return PipelineMachine(parts, models_for(parts.plan.turn_taking.voice_detector))


def convai_machine(parts: Parts) -> ConvaiMachine:
    """The engine of a call whose plan names an ElevenLabs agent."""
    assert parts.plan.speech is not None, "plan_of saw to it"
    return ConvaiMachine(parts, settings_of(parts.plan.speech))


@dataclass(frozen=True, slots=True)
class VoiceMode:
    """How a voice mode is put together."""

    machine: Callable[[Parts], Engine]
    performers: Callable[[CallPlan, Around], Performers]


MODES: dict[str, VoiceMode] = {
    "pipeline": VoiceMode(pipeline_machine, pipeline_performers),
    "realtime": VoiceMode(RealtimeMachine, realtime_performers),
    "convai": VoiceMode(convai_machine, convai_performers),
}


def make_session(plan: CallPlan, around: Around) -> CallSession:
    """A session with instances of its own: nothing is shared between two callers."""
    mode = MODES[plan.mode]
    return CallSession(
        CallMachine(plan, mode.machine, asyncio.get_running_loop().time()),
        control=around.control,
        transfers=around.transfers,
        performers=mode.performers(plan, around),
        log=around.log,
    )

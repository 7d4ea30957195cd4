"""The hosted composition root: from a call's row to a session that can carry it.

Only this file knows which classes meet the ports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agents.errors import AgentNotReady
from agents.phrases import stored_phrases
from calls.adapters.call_log import CallLog, LogWriter
from calls.adapters.controls import CallControl
from calls.adapters.courier import CallCourier
from calls.adapters.remote_handler import RemoteHandler, ToldLog
from calls.adapters.tool_runner import JournaledTools
from calls.addresses import recording_url
from calls.models import Call
from calls.plan import plan_of
from calls.sdk.facts import SdkFacts
from calls.services.live_log import LoggedCall
from calls.services.reply_tokens import issue_reply_token
from patter.bridge.call import CallMachine
from patter.bridge.engine import Engine, Parts
from patter.bridge.meter import SPEECH_METERS
from patter.bridge.plan import CallPlan
from patter.bridge.ports import Llm, Tts
from patter.bridge.session import CallSession, Performers
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm, ChainStt, ChainTts
from patter.engines.convai.ask_line import AskLine
from patter.engines.convai.link import ConvaiSocket
from patter.engines.convai.machine import ConvaiMachine
from patter.engines.convai.settings import settings_of
from patter.engines.phrasebook import PhrasebookTts
from patter.engines.pipeline.machine import PipelineMachine
from patter.engines.realtime.machine import RealtimeMachine
from patter.engines.silero import models_for
from patter.engines.speech import open_speech
from patter.errors import ConfigError
from patter.tools.runner import Tools
from patter.tools.spec import ToolContext, ToolSpec
from phone_numbers.carrier import CarrierAccess, access_to
from phone_numbers.configure import webhook_address


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything of a call that had to be read before it can be carried."""

    plan: CallPlan
    logged: LoggedCall
    carrier: CarrierAccess
    sdk: SdkFacts
    doors_url: str = ""
    """Our doors at this call's carrier account, up to the last slash; empty: nothing can call us back."""
    stream: int = 0
    """The number of the media stream that was opened with it."""
    phrases: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What is stored of the system's phrases, by text."""
    asks: AskLine = field(default_factory=AskLine, repr=False)
    """Where ElevenLabs asks for this call's replies, in convai mode."""
    tools: tuple[ToolSpec, ...] = field(default=(), repr=False)
    agent_id: str = ""

    @property
    def call_id(self) -> str:
        return self.plan.call_id

    @property
    def own_number(self) -> str:
        """Our side of the line: the number that was called, or that calls."""
        return self.plan.callee if self.plan.direction == "inbound" else self.plan.caller


class NotReady(Exception):
    """This call cannot be carried. ``code`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_call(call_id: str) -> Ready:
    """Read a call whose token was proven and used. For a thread: it reads the database. Raises NotReady."""
    rows = Call.objects.unscoped("the stream token was proven").select_related(
        "agent", "carrier_account", "organisation", "number"
    )
    call = rows.get(pk=call_id)
    if call.carrier_account is None:
        raise NotReady("no_carrier_account", "The carrier account of this call was removed.")
    try:
        resolved = plan_of(call)
        plan = resolved.plan
    except AgentNotReady as error:
        raise NotReady(error.code, error.message) from error
    return Ready(
        plan=plan,
        logged=LoggedCall(call.pk, call.organisation_id, _providers_by_meter(plan)),
        sdk=_sdk_facts(call, plan, resolved.variables),
        carrier=access_to(call.carrier_account),
        doors_url=_doors_url(call),
        stream=call.stream_used,
        phrases=stored_phrases(call.agent, resolved.agent_version) if call.agent and plan.tts else {},
        tools=resolved.tools,
        agent_id=call.agent_id or "",
    )


def _doors_url(call: Call) -> str:
    if call.carrier_account is None or not call.callback_base:
        return ""
    return f"{webhook_address(call.carrier_account, base_url=call.callback_base)}/"


def _sdk_facts(call: Call, plan: CallPlan, variables: Mapping[str, Any]) -> SdkFacts:
    return SdkFacts(
        call_id=call.pk,
        organisation_id=call.organisation_id,
        number=call.number.number if call.number else "",
        agent_id=call.agent_id or "",
        direction=call.direction,
        caller=call.from_number,
        callee=call.to_number,
        mode=plan.mode,
        custom_params=plan.custom_params,
        variables=variables,
        reply_to=call.reply_to,
        recording_url=recording_url(call) if plan.record else "",
    )


def _providers_by_meter(plan: CallPlan) -> dict[str, str]:
    providers: dict[str, str] = {}
    if plan.stt:
        providers["stt_ms"] = plan.stt.provider
    if plan.tts:
        providers["tts_characters"] = plan.tts.provider
    if plan.llm:
        providers |= {meter: plan.llm.provider for meter in ("llm_input_tokens", "llm_output_tokens")}
    if plan.speech:
        providers |= {meter: plan.speech.provider for meter in SPEECH_METERS}
    return providers


def make_session(
    ready: Ready, writer: LogWriter, control: CallControl, courier: CallCourier, tools: Tools
) -> CallSession:
    """A session with instances of its own: nothing is shared between two callers. Raises NotReady."""
    mode = MODES[ready.plan.mode]
    try:
        machine = CallMachine(ready.plan, mode.engine, asyncio.get_running_loop().time())
    except ConfigError as error:  # of a version that was published when this was an option
        raise NotReady("settings_unusable", f"{error}. Change the agent, and publish it.") from error
    handler = RemoteHandler(courier) if ready.plan.reply_by == "handler" else None
    return CallSession(
        machine,
        control=control,
        performers=replace(mode.performers(ready), handler=handler, tools=tools),
        log=ToldLog(CallLog(writer, ready.logged), courier),
        transfers=control.transfers,
    )


@dataclass(frozen=True, slots=True)
class Mode:
    """What listens and speaks in one mode: its machine, and who does its work."""

    engine: Callable[[Parts], Engine]
    performers: Callable[[Ready], Performers]


def _pipeline(ready: Ready) -> Performers:
    ears = Chain("stt", ready.plan.chain("stt"))
    return Performers(stt=lambda: ChainStt(ears), tts=_voice_of(ready), llm=_llm_of(ready.plan))


def _realtime(ready: Ready) -> Performers:
    spec = ready.plan.speech
    assert spec is not None, "resolve_plan saw to it"
    return Performers(speech=lambda: open_speech(spec), tts=_voice_of(ready) if ready.plan.tts else None)


def _convai(ready: Ready) -> Performers:
    spec = ready.plan.speech
    assert spec is not None, "resolve_plan saw to it"
    voice = _voice_of(ready) if ready.plan.tts else None
    return Performers(speech=lambda: ConvaiSocket(spec, ready.asks), tts=voice, llm=_llm_of(ready.plan))


def _pipeline_machine(parts: Parts) -> PipelineMachine:
    return PipelineMachine(parts, models_for(parts.plan.turn_taking.voice_detector))


def _convai_machine(parts: Parts) -> ConvaiMachine:
    spec = parts.plan.speech
    assert spec is not None, "resolve_plan saw to it"
    agent_id = str(spec.options["patter_agent"])
    by_handler = parts.plan.reply_by == "handler"
    token = issue_reply_token(agent_id=agent_id, call_id=parts.plan.call_id) if by_handler else ""
    return ConvaiMachine(parts, settings_of(spec, call_token=token))


MODES: dict[str, Mode] = {
    "pipeline": Mode(_pipeline_machine, _pipeline),
    "realtime": Mode(RealtimeMachine, _realtime),
    "convai": Mode(_convai_machine, _convai),
}


def _voice_of(ready: Ready) -> Tts:
    return PhrasebookTts(ChainTts(Chain("tts", ready.plan.chain("tts"), keeps=True)), ready.phrases)


def tools_of(ready: Ready) -> Tools:
    """The tools of one call. They may outlive it: ``Tools.stop`` ends them."""
    plan = ready.plan
    context = ToolContext(plan.call_id, plan.caller, plan.callee, plan.direction, ready.agent_id)
    journaled = JournaledTools(ready.logged.organisation_id, context)
    return Tools(ready.tools, {"webhook": journaled, "mcp": journaled})


def _llm_of(plan: CallPlan) -> Llm | None:
    wanted = plan.reply_by == "model" or plan.handler_policy == "model"
    return ChainLlm(Chain("llm", plan.chain("llm"))) if wanted and plan.llm else None

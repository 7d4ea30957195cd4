"""The hosted composition root: from a call's row to a session that can carry it.

Only this file knows which classes meet the ports.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from agents.errors import AgentNotReady
from agents.phrases import stored_phrases
from calls.adapters.call_log import CallLog, LogWriter
from calls.models import Call
from calls.plan import plan_of
from calls.services.live_log import LoggedCall
from patter.bridge.call import CallMachine
from patter.bridge.plan import CallPlan
from patter.bridge.ports import Llm
from patter.bridge.session import CallSession, Performers
from patter.carriers.twilio.control import TwilioControl
from patter.carriers.twilio.rest import TwilioRest
from patter.engines.chain import Chain
from patter.engines.chains import ChainLlm, ChainStt, ChainTts
from patter.engines.phrasebook import PhrasebookTts
from patter.engines.pipeline.machine import PipelineMachine
from phone_numbers.carrier import carrier_base_url
from phone_numbers.configure import webhook_address


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything of a call that had to be read before it can be carried."""

    plan: CallPlan
    logged: LoggedCall
    account_sid: str
    auth_token: str
    carrier_url: str
    doors_url: str = ""
    """Our doors at this call's carrier account, up to the last slash; empty: nothing can call us back."""
    stream: int = 0
    """The number of the media stream that was opened with it."""
    phrases: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What is stored of the system's phrases, by text."""


class NotReady(Exception):
    """This call cannot be carried. ``code`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_call(call_id: str) -> Ready:
    """Read a call whose token was proven and used. For a thread: it reads the database. Raises NotReady."""
    rows = Call.objects.unscoped("the stream token was proven").select_related(
        "agent", "carrier_account", "organisation"
    )
    call = rows.get(pk=call_id)
    if call.carrier_account is None:
        raise NotReady("no_carrier_account", "The carrier account of this call was removed.")
    try:
        resolved = plan_of(call)
        plan = resolved.plan
    except AgentNotReady as error:
        raise NotReady(error.code, error.message) from error
    if plan.stt is None or plan.tts is None:
        raise NotReady("agent_without_voice", "This agent has no speech recognition or no voice.")
    account = call.carrier_account
    return Ready(
        plan=plan,
        logged=LoggedCall(call.pk, call.organisation_id, _providers_by_meter(plan)),
        account_sid=account.account_sid,
        auth_token=account.auth_token,
        carrier_url=carrier_base_url(account),
        doors_url=webhook_address(account, "", call.callback_base) if call.callback_base else "",
        stream=call.stream_used,
        phrases=stored_phrases(call.agent, resolved.agent_version) if call.agent else {},
    )


def _providers_by_meter(plan: CallPlan) -> dict[str, str]:
    providers: dict[str, str] = {}
    if plan.stt:
        providers["stt_ms"] = plan.stt.provider
    if plan.tts:
        providers["tts_characters"] = plan.tts.provider
    if plan.llm:
        providers |= {meter: plan.llm.provider for meter in ("llm_input_tokens", "llm_output_tokens")}
    return providers


def twilio_control(ready: Ready) -> TwilioControl:
    """What can be done to this call at its carrier. ``ready`` is that of its newest stream."""

    def rest(timeout_s: float) -> TwilioRest:
        return TwilioRest(ready.account_sid, ready.auth_token, ready.carrier_url, timeout_s=timeout_s)

    return TwilioControl(rest, CallDoors(ready) if ready.doors_url else None)


class CallDoors:
    """Our addresses for one call. Each names the stream that is left through it (``answer_again``)."""

    def __init__(self, ready: Ready) -> None:
        self.ready = ready

    def __call__(self, door: str, **query: str) -> str:
        known = {"call": self.ready.plan.call_id, "stream": str(self.ready.stream)}
        return f"{self.ready.doors_url}{door}?{urlencode({**known, **query})}"


def make_session(ready: Ready, writer: LogWriter, control: TwilioControl) -> CallSession:
    """A session with instances of its own: nothing is shared between two callers."""
    plan = ready.plan
    ears = Chain("stt", plan.chain("stt"))
    voice = PhrasebookTts(ChainTts(Chain("tts", plan.chain("tts"), keeps=True)), ready.phrases)
    performers = Performers(stt=lambda: ChainStt(ears), tts=voice, llm=_llm_of(plan))
    machine = CallMachine(plan, PipelineMachine, asyncio.get_running_loop().time())
    log = CallLog(writer, ready.logged)
    return CallSession(machine, control=control, performers=performers, log=log, transfers=control)


def _llm_of(plan: CallPlan) -> Llm | None:
    return ChainLlm(Chain("llm", plan.chain("llm"))) if plan.reply_by == "model" and plan.llm else None

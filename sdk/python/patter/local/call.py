"""One call of local mode: its facts, its plan, its log, and its session once media flows."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patter.bridge.call import MOST_EARLY
from patter.bridge.events import Event, MachineHeard
from patter.bridge.plan import CallPlan
from patter.bridge.records import CallEnded
from patter.bridge.session import CallSession
from patter.call import Call, CallActions
from patter.engines.convai.ask_line import AskLine
from patter.local.log import LocalLog, TransferBook
from patter.local.plan import CallFacts, RecordingWish, plan_of, toolbox_of, variables_of
from patter.local.recording import RecordingFile
from patter.local.specs import Keys
from patter.local.tokens import StreamTokens
from patter.options import CallOptions, Listeners
from patter.tools.spec import ToolContext
from patter.types import Agent

if TYPE_CHECKING:
    from patter.tools.runner import Tools

ID_PREFIX = "call_"


@dataclass(frozen=True, slots=True)
class Serving:
    """What all calls of one ``serve()`` share."""

    agent: Agent
    keys: Keys
    listeners: Listeners = field(default_factory=Listeners)
    recording: RecordingWish = field(default_factory=RecordingWish)
    recordings_dir: Path = Path("recordings")

    @property
    def reply_by(self) -> str:
        return "handler" if self.listeners.on_message is not None else "model"


class LocalCall:
    """One call: its facts, its plan, and its session once media flows."""

    def __init__(self, plan: CallPlan, agent: Agent, log: LocalLog, call: Call) -> None:
        self.plan = plan
        self.agent = agent
        self.log = log
        self.public = call
        self.wishes: CallOptions | None = None
        self.tokens = StreamTokens(asyncio.get_running_loop().time)
        self.carrier_call_id = ""
        self.session: CallSession | None = None
        self.task: asyncio.Task[None] | None = None
        self.recording: RecordingFile | None = None
        self.deadline: asyncio.TimerHandle | None = None
        self.tools: Tools | None = None
        self.picked_up = False
        self.early: list[Event] = []
        self.asks = AskLine()
        self.sockets = 0
        """Media sockets that are open now."""

    @property
    def id(self) -> str:
        return self.plan.call_id

    @property
    def transfers(self) -> TransferBook:
        return self.log.transfers

    @property
    def over(self) -> bool:
        return self.log.end is not None

    def feed(self, event: Event) -> bool:
        """Tell the session. False while, or once, there is none. Who answered is kept for it."""
        if self.session is None or self.session.over:
            if self.session is None and isinstance(event, MachineHeard):
                self.early = [*self.early, event][-MOST_EARLY:]
            return False
        self.session.feed(event)
        return True

    def end(self, reason: str) -> None:
        """A call that never had a session is over. Harmless for any other."""
        self.stop_waiting()
        if self.session is None:
            self.log.write(CallEnded(reason, 0, [], []))

    def stop_waiting(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None


def new_call(
    serving: Serving,
    facts: CallFacts,
    agent: Agent,
    wishes: CallOptions | None,
    *,
    actions: CallActions,
    on_end: Callable[[LocalCall, dict[str, Any]], None],
) -> LocalCall:
    """A call that nobody carries yet. ``on_end`` is told once. Raises ConfigError."""
    reply_by, recording_wish = serving.reply_by, serving.recording
    plan = plan_of(agent, facts, serving.keys, reply_by=reply_by, recording=recording_wish, wishes=wishes)
    public = Call(facts.call_id, actions, caller=facts.caller, callee=facts.callee, direction=facts.direction)
    public.custom_params = dict(facts.custom_params)
    public.variables = variables_of(agent, facts, wishes)
    recording = RecordingFile(serving.recordings_dir, facts.call_id) if plan.record else None
    told = _told(plan, public, wishes)
    log = LocalLog(told, serving.listeners, recording, public, lambda end: on_end(call, end))
    call = LocalCall(plan, agent, log, public)
    call.wishes, call.recording = wishes, recording
    context = ToolContext(facts.call_id, facts.caller, facts.callee, facts.direction)
    call.tools = toolbox_of(agent, public.variables).runner(context)
    return call


def _told(plan: CallPlan, public: Call, wishes: CallOptions | None) -> dict[str, Any]:
    """What every callback is given of this call."""
    metadata = wishes.metadata if wishes is not None else None
    return {
        "call_id": plan.call_id,
        "caller": plan.caller,
        "callee": plan.callee,
        "direction": plan.direction,
        "mode": plan.mode,
        "custom_params": dict(plan.custom_params),
        "variables": dict(public.variables),
        "metadata": dict(metadata or {}),
    }


def new_call_id() -> str:
    return f"{ID_PREFIX}{secrets.token_hex(12)}"


def is_call_id(text: str) -> bool:
    return text.startswith(ID_PREFIX) and ":" not in text

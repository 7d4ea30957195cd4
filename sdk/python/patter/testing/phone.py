"""A phone that dials the user's agent in the user's own test.

    async with FakePhone(agent, on_message=on_message) as call:
        assert await call.listen() == "Hello! How can I help?"
        assert "nine to five" in await call.say("What are your hours?")

No carrier, no provider and no network: the caller's words go in as text, what the caller hears comes out as
text. In between is the bridge itself, with turns, barge-in, keys, idle questions and history. Time passes
only where the test lets it: a call of a minute takes milliseconds, and a handler that thinks takes none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from patter.bridge.away import digits_problem
from patter.bridge.events import (
    DigitPressed,
    DigitsAsked,
    Event,
    HangUpAsked,
    LegStopped,
    SayAsked,
    TransferAsked,
)
from patter.bridge.keypad import DIGITS
from patter.bridge.performing import Performers
from patter.bridge.plan import CallPlan
from patter.bridge.ports import Llm, ToolRunner
from patter.call import Call
from patter.errors import ConfigError, PatterError
from patter.guardrails import GuardedHandler, GuardedLlm, read_guardrails
from patter.handlers import HandlerRunner
from patter.local.handler import LocalHandler
from patter.local.log import LocalLog
from patter.local.plan import CallFacts, checked_params, plan_of, variables_of
from patter.local.specs import Keys
from patter.options import CallOptions, Listeners, LocalOptions, check_kinds
from patter.testing.scene import FRAME_MS
from patter.testing.text_line import TextLine
from patter.testing.text_work import OPENED, AnsweringLlm, Answers, TextWork
from patter.types import Agent, Callback, LlmConfig, MessageHandler, SttConfig, TtsConfig

PATIENCE_S = 10.0
"""Of real time, for the user's own code. Beyond it a test fails rather than hangs."""
QUIET_MS = 300
"""The agent is silent this long: it has finished."""
BETWEEN_KEYS_MS = 100
TRANSFER_OUTCOMES = ("joined", "busy", "no_answer", "declined", "failed")


class FakePhone:
    """One call to an agent. Use as ``async with FakePhone(...) as call``.

    Args:
        agent: what ``phone.agent(...)`` made; its providers are not asked. None: an agent without a prompt.
        on_message: the handler under test. Without it ``model`` answers.
        model: who answers instead of the agent's language model: a function from the chat's messages to a
            text, or whatever meets ``patter.bridge.ports.Llm``.
        tools: runs the tools that the model calls; meets ``patter.bridge.ports.ToolRunner``.
        direction: ``outbound`` lets the agent be the one who called.
        transfers: what becomes of a transfer: joined, busy, no_answer, declined or failed.
        on_call_start, on_call_end, on_transcript, on_dtmf: the callbacks under test.
        patience_s: how long the user's own code may take, in real time.

    Raises ConfigError where the agent or an argument cannot work.
    """

    def __init__(
        self,
        agent: Agent | None = None,
        *,
        on_message: MessageHandler | None = None,
        model: Llm | Answers | None = None,
        tools: ToolRunner | None = None,
        caller: str = "+15550100002",
        callee: str = "+15550100001",
        direction: str = "inbound",
        first_message: str | None = None,
        variables: Mapping[str, Any] | None = None,
        custom_params: Mapping[str, Any] | None = None,
        transfers: str = "joined",
        on_call_start: Callback | None = None,
        on_call_end: Callback | None = None,
        on_transcript: Callback | None = None,
        on_dtmf: Callback | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        if agent is not None and not isinstance(agent, Agent):
            raise ConfigError(f"agent is what phone.agent(...) returns, not {type(agent).__name__}.")
        if on_message is None and model is None:
            raise ConfigError("FakePhone needs on_message, or a model that answers.")
        if model is not None and not hasattr(model, "ask") and not callable(model):
            raise ConfigError(f"model is a function from messages to a text, not {type(model).__name__}.")
        if transfers not in TRANSFER_OUTCOMES:
            raise ConfigError(f"transfers is one of {', '.join(TRANSFER_OUTCOMES)}, not {transfers!r}.")
        agent = agent or Agent()
        facts = CallFacts("call_test", direction, caller, callee, checked_params(custom_params))
        wishes = CallOptions(to=callee, first_message=first_message, variables=variables)
        reply_by = "handler" if on_message is not None else "model"
        self._plan = plan_of(
            _by_text(agent), facts, Keys(LocalOptions(), {}), reply_by=reply_by, wishes=wishes
        )
        self._listeners = Listeners(on_message, on_call_start, on_call_end, on_transcript, on_dtmf)
        self._variables = variables_of(agent, facts, wishes)
        self._guardrails = read_guardrails(agent.guardrails)
        self._llm = model if model is None or hasattr(model, "ask") else AnsweringLlm(model)
        self._runner = HandlerRunner(on_message) if on_message is not None else None
        self._tools = tools
        self._transfers = transfers
        self._patience_s = patience_s
        self._opened: TextLine | None = None

    # -- beginning and end ----------------------------------------------------------------------

    async def __aenter__(self) -> FakePhone:
        plan = self._plan
        self.call = Call(
            plan.call_id,
            _Actions(self),
            caller=plan.caller,
            callee=plan.callee,
            direction=plan.direction,
        )
        self.call.custom_params, self.call.variables = plan.custom_params, self._variables
        told = _told_of(plan, self._variables)
        self._log = LocalLog(told, self._listeners, None, self.call, self._over)
        self._work = TextWork(self._performers(), self._feed, self._transfers)
        self._opened = TextLine(plan, self._work.perform, self._log.write)
        self._feed(OPENED)
        return self

    def _over(self, end: dict[str, Any]) -> None:
        self.call.finish(end)
        self._log.tell_end(end)

    def _performers(self) -> Performers:
        handler = LocalHandler(self._runner, self._plan, self.call) if self._runner is not None else None
        return Performers(
            handler=GuardedHandler(handler, self._guardrails) if handler is not None else None,
            llm=GuardedLlm(self._llm, self._guardrails) if self._llm is not None else None,
            tools=self._tools,
        )

    async def __aexit__(self, *exc: object) -> None:
        self._feed(LegStopped())
        await self._work.close()
        if self._runner is not None:
            await self._runner.close()
        await self._log.callbacks.finish(self._patience_s)

    @property
    def _line(self) -> TextLine:
        if self._opened is None:
            raise ConfigError("FakePhone has not dialled: use it as `async with FakePhone(...) as call`.")
        return self._opened

    def _feed(self, event: Event) -> None:
        self._line.feed(event)

    # -- what a caller does ---------------------------------------------------------------------

    async def say(self, text: str, *, listen: bool = True) -> str:
        """Let the agent finish, speak, and hear the whole reply. Gives the reply, as it was heard.

        Without ``listen`` the reply is not waited for: ``listen`` or ``interrupt`` comes next.
        """
        await self._hear()
        return await self.interrupt(text, listen=listen)

    async def interrupt(self, text: str, *, listen: bool = True) -> str:
        """Speak now, over whatever the agent says, and hear what it answers."""
        check_kinds(str, text=text)
        self._line.says(text)
        before = len(self._line.said)
        return await self._heard_since(before) if listen else ""

    async def press(self, digits: str) -> str:
        """Let the agent finish, press keys, and hear the reply. Raises ConfigError for what is no key."""
        if not set(digits) <= DIGITS:
            raise ConfigError(f"The keys of a phone are {''.join(sorted(DIGITS))}, not {digits!r}.")
        await self._hear()
        before = len(self._line.said)
        for digit in digits:
            self._feed(DigitPressed(digit))
            self._line.pass_ms(BETWEEN_KEYS_MS)
        return await self._heard_since(before)

    async def listen(self, seconds: float | None = None) -> str:
        """Hear what the agent says until it is silent; with ``seconds``, for so long. Gives what was heard.

        With ``seconds`` time passes whether or not the handler has answered by then. What is cut short is
        told once it is settled.
        """
        before = len(self._line.said)
        if seconds is None:
            return await self._heard_since(before)
        for _ in range(round(seconds * 1000 / FRAME_MS)):
            if self.is_over:
                break
            self._line.step()
            await asyncio.sleep(0)  # what the user's code has ready may be told
        return self._told_since(before)

    async def hang_up(self) -> None:
        """Put the phone down. The callbacks have been told when this returns."""
        self._feed(LegStopped())
        await self._log.callbacks.finish(self._patience_s)

    async def _heard_since(self, before: int) -> str:
        await self._hear()
        return self._told_since(before)

    def _told_since(self, before: int) -> str:
        return " ".join(self._line.said[before:])

    async def _hear(self) -> None:
        """Until the agent has nothing more to say. While only the user's code works, no time passes."""
        line, quiet_ms = self._line, 0
        while quiet_ms < QUIET_MS and not self.is_over:
            if self._work.busy and not line.sounding:
                await self._work.progress(self._patience_s)
                quiet_ms = 0
                continue
            quiet_ms = 0 if line.sounding else quiet_ms + FRAME_MS
            line.step()
            await asyncio.sleep(0)

    # -- what came of it --------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self._opened is not None and self.call.is_over

    @property
    def reason(self) -> str:
        """Why the call ended, from the closed list of end reasons; empty while it runs."""
        return self.call.reason

    @property
    def history(self) -> list[dict[str, str]]:
        """``[{role, text}]``: what both sides said, as it was heard."""
        return [dict(turn) for turn in self._log.history]

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """All settled turns, with times in milliseconds of the call."""
        return [dict(turn) for turn in self._log.turns]

    @property
    def digits_sent(self) -> str:
        """The keys that the agent pressed."""
        return self._work.digits_sent

    @property
    def transferred_to(self) -> str:
        """The number that the caller was last given to, whatever came of it."""
        return self._work.transferred_to


class _Actions:
    """What the handler does with its call, refused as both homes refuse it; meets ``CallActions``."""

    def __init__(self, phone: FakePhone) -> None:
        self._phone = phone

    async def hang_up(self, call_id: str) -> None:
        self._tell(HangUpAsked("api_hung_up"))

    async def transfer(self, call_id: str, to: str, summary: str) -> None:
        targets = self._phone._plan.transfers
        if targets.find(to) is None:
            raise ConfigError(targets.refusal(to))
        self._tell(TransferAsked(to, summary=summary))

    async def send_digits(self, call_id: str, digits: str) -> None:
        if problem := digits_problem(digits):
            raise ConfigError(problem)
        self._tell(DigitsAsked(digits))

    async def say(self, call_id: str, text: str) -> None:
        self._tell(SayAsked(text))

    def _tell(self, event: Event) -> None:
        if self._phone.is_over:
            raise PatterError("The call is over.")
        self._phone._feed(event)


def _by_text(agent: Agent) -> Agent:
    """The same agent without providers: no keys are needed, and no mode but this one has a text."""
    return replace(
        agent, mode="pipeline", stt=SttConfig("text"), llm=LlmConfig("text"), tts=TtsConfig("text")
    )


def _told_of(plan: CallPlan, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "call_id": plan.call_id,
        "caller": plan.caller,
        "callee": plan.callee,
        "direction": plan.direction,
        "mode": plan.mode,
        "custom_params": dict(plan.custom_params),
        "variables": dict(variables),
        "metadata": {},
    }

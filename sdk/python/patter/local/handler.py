"""The user's ``on_message`` as the bridge asks it, in the same process."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk
from patter.bridge.plan import CallPlan
from patter.bridge.ports import Emit
from patter.call import Call
from patter.handlers import HandlerRunner
from patter.types import IncomingMessage


class LocalHandler:
    """Of one call; meets ``Handler``. The runner is shared by all calls."""

    def __init__(self, runner: HandlerRunner, plan: CallPlan, call: Call) -> None:
        self._runner = runner
        self._plan = plan
        self._call = call

    async def ask(self, command: HandlerAsk, emit: Emit) -> None:
        plan = self._plan
        message = IncomingMessage(
            text=command.text,
            call_id=plan.call_id,
            history=[dict(turn) for turn in command.history],
            caller=plan.caller,
            callee=plan.callee,
            turn_id=command.turn_id,
            direction=plan.direction,
        )
        self._call.note_history(command.history)
        await self._runner.run(message, self._call, emit)

    def cancel(self, turn_id: str, heard: str) -> None:
        self._runner.cancel(self._plan.call_id, turn_id, heard)

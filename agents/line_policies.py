"""What an agent does on a line: to whom it transfers, what it does about machines, how it records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from patter.bridge.answering import AnsweringPlan
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.turn_taking import resolved_values
from patter.variables import substitute


class MachineWishes(Protocol):
    """What a call says for itself about machines. Empty values leave the agent's own."""

    @property
    def machine_detection(self) -> bool | None: ...

    @property
    def on_machine(self) -> str: ...

    @property
    def voicemail_message(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ResolvedAnswering:
    plan: AnsweringPlan
    unknown: tuple[str, ...] = ()
    """Variables that nobody gave a value."""


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    """``carrier``: the carrier records too. ``days``: how long recordings are kept; None: without an end."""

    carrier: bool = False
    announcement: str = ""
    days: int | None = None

    @property
    def from_the_answer(self) -> bool:
        """The carrier may record at once: nothing has to be announced before."""
        return self.carrier and not self.announcement.strip()


def recording_of(config: Mapping[str, Any]) -> RecordingPolicy:
    return RecordingPolicy(**config.get("policies", {}).get("recording", {}))


def transfers_of(config: Mapping[str, Any]) -> TransferPolicy:
    targets = [TransferTarget(**target) for target in config.get("transfer_targets", ())]
    prefixes = config.get("policies", {}).get("transfer", {}).get("prefixes", ())
    return TransferPolicy(tuple(targets), tuple(prefixes))


def answering_of(
    config: Mapping[str, Any], wishes: MachineWishes, values: Mapping[str, Any]
) -> ResolvedAnswering:
    """A message implies detection, and without another wish it is left; without one the call goes on."""
    own = config.get("policies", {}).get("machines", {})
    message = substitute(wishes.voicemail_message or own.get("message", ""), values)
    introduction = substitute(own.get("introduction", ""), values)
    waits = resolved_values(config.get("turn_taking", {}))
    asked = wishes.on_machine or own.get("on_machine", "")
    wanted = own.get("detect", False) if wishes.machine_detection is None else wishes.machine_detection
    plan = AnsweringPlan(
        detect=bool(wanted or message.text or asked),
        on_machine=asked or ("leave_message" if message.text else "continue"),
        message=message.text,
        beep_wait_s=waits["beep_wait_s"],
        introduction=introduction.text,
        screening_wait_s=waits["screening_wait_s"],
    )
    return ResolvedAnswering(plan, tuple(message.unknown + introduction.unknown))


def handler_policy_of(config: Mapping[str, Any]) -> dict[str, str]:
    """What becomes of a call whose handler fails for good."""
    own = config.get("policies", {}).get("handler", {})
    return {"handler_policy": own.get("lost", "goodbye"), "handler_transfer": own.get("transfer_to", "")}

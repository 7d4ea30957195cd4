"""What exists in the simulated Twilio: accounts, their numbers, and the phones of the world."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.simulators.carrier.world import CarrierWorld
from patter.simulators.line import parse_profile
from patter.simulators.script import Listen, Step, parse_steps
from patter.simulators.twilio.faults import Faults
from patter.simulators.twilio.rooms import Room

BEHAVIOURS = ("answer", "busy", "no-answer", "failed", "declined")
ANSWERED_BY = ("human", "machine", "fax", "unknown")


def new_sid(prefix: str) -> str:
    return prefix + uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Account:
    """What is dialled faster than ``calls_per_second`` waits in the queue; more calls at once than
    ``most_calls`` are refused (10004). None is no limit.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    name: str = "Simulated account"
    status: str = "active"
    kind: str = "Full"
    calls_per_second: float | None = None
    most_calls: int | None = None


@dataclass(slots=True)
class Number:
    """A number of an account and where its calls go."""

    number: str
    account_sid: str
    voice_url: str = ""
    status_callback: str = ""
    voice_method: str = "POST"
    status_callback_method: str = "POST"
    voice_fallback_url: str = ""
    friendly_name: str = ""
    voice_application_sid: str = ""
    trunk_sid: str = ""
    takes_calls: bool = True
    sid: str = field(default_factory=lambda: new_sid("PN"))


@dataclass(frozen=True, slots=True)
class Phone:
    """How a number out in the world takes a call.

    Args:
        behaviour: answer, busy, no-answer, failed or declined.
        answer_after_s: how long it rings first.
        talk_s: how long it talks when a caller is transferred to it.
        answered_by: human, machine, fax or unknown: what answering machine detection makes of it.
        detected_after_s: how long that takes; a machine whose end is waited for takes ``greeting_s``.
    """

    number: str
    behaviour: str = "answer"
    answer_after_s: float = 0.1
    talk_s: float = 1.0
    answered_by: str = "human"
    detected_after_s: float = 0.3
    greeting_s: float = 1.0
    steps: tuple[Step, ...] = (Listen(),)
    profile: frozenset[str] = frozenset()
    faults: Faults = Faults()

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Phone:
        """From JSON. Raises ValueError."""
        behaviour = given.get("behaviour", "answer")
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"a phone's behaviour is one of {', '.join(BEHAVIOURS)}")
        answered_by = given.get("answered_by", "human")
        if answered_by not in ANSWERED_BY:
            raise ValueError(f"a phone is answered by one of {', '.join(ANSWERED_BY)}")
        return cls(
            number=str(given["number"]),
            behaviour=behaviour,
            answer_after_s=float(given.get("answer_after_s", 0.1)),
            talk_s=float(given.get("talk_s", 1.0)),
            answered_by=answered_by,
            detected_after_s=float(given.get("detected_after_s", 0.3)),
            greeting_s=float(given.get("greeting_s", 1.0)),
            steps=tuple(parse_steps(given["steps"])) if given.get("steps") else (Listen(),),
            profile=parse_profile(given.get("profile")),
            faults=Faults.parse(given.get("faults")),
        )


class World(CarrierWorld):
    """Everything that was registered."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Number] = {}
        self.phones: dict[str, Phone] = {}
        self.rooms: dict[str, Room] = {}

    def phone(self, number: str) -> Phone:
        """The phone of a number; one that nobody registered answers and listens."""
        return self.phones.get(number) or Phone(number)

    def room(self, name: str) -> Room:
        """The conference of this name; one that nobody is in any more is a new one."""
        room = self.rooms.get(name)
        if room is None or not room.seats:
            room = self.rooms[name] = Room(name)
        return room

    def numbers_of(self, account_sid: str) -> list[Number]:
        return [number for number in self.numbers.values() if number.account_sid == account_sid]

    def number_by_sid(self, account_sid: str, sid: str) -> Number | None:
        return next((number for number in self.numbers_of(account_sid) if number.sid == sid), None)

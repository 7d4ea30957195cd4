"""What exists in the simulated Telnyx: accounts, applications, numbers, and the phones of the world."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from patter.carriers.telnyx.signature import signed_bytes
from patter.simulators.carrier.world import CarrierWorld
from patter.simulators.line import parse_profile
from patter.simulators.script import Listen, Step, parse_steps
from patter.simulators.telnyx.detection import MACHINES
from patter.simulators.telnyx.faults import Faults

BEHAVIOURS = ("answer", "busy", "no-answer", "declined", "not-found", "failed")


def new_id() -> str:
    return str(uuid.uuid4())


def new_control_id() -> str:
    """As Telnyx writes them: with a colon."""
    return f"v3:{uuid.uuid4().hex}"


class SigningKey:
    """An account's pair of keys. The public one is what its portal shows."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode("ascii")

    @classmethod
    def of(cls, api_key: str) -> SigningKey:
        """The key of a simulated account: whoever knows its API key can tell the public one."""
        return cls(sha256(b"patter.simulators.telnyx " + api_key.encode()).digest())

    def sign(self, timestamp: str, body: bytes) -> str:
        return b64encode(self._key.sign(signed_bytes(timestamp, body))).decode("ascii")


@dataclass(frozen=True, slots=True)
class Account:
    """``concurrent_calls`` is the limit of outbound calls at once; beyond it dialling is refused (D1)."""

    api_key: str = field(repr=False)
    key: SigningKey = field(default_factory=SigningKey, repr=False)
    concurrent_calls: int = 100
    limit_by_hangup: bool = False
    """Dialling is taken and ends in ``call.hangup`` instead of being refused."""


@dataclass(slots=True)
class Profile:
    """An outbound voice profile."""

    id: str
    destinations: tuple[str, ...] = ("US", "CA", "GB", "DE")
    concurrent_calls: int | None = None
    enabled: bool = True
    name: str = "Default"


@dataclass(slots=True)
class Application:
    """A Call Control application; its id is the connection id. Without ``profile`` it cannot dial (D38)."""

    connection_id: str
    account: Account
    webhook_url: str = ""
    failover_url: str = ""
    profile: Profile | None = None
    name: str = "Simulated application"
    active: bool = True
    api_version: str = "2"


@dataclass(slots=True)
class Number:
    """A number of an account and the connection that its calls go to."""

    number: str
    account: Account
    connection_id: str = ""
    status: str = "active"
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Phone:
    """How a number out in the world takes a call.

    Args:
        behaviour: answer, busy, no-answer, declined, not-found or failed.
        answer_after_s: how long it rings first.
        talk_s: how long it talks when a caller is transferred to it.
        accepts: the key that is pressed when a call is offered with a text.
        machine: what detection finds out: nothing, or one of ``MACHINES``.
        machine_after_s: so long after the answer; a beep, or a service that screens calls, as long again.
    """

    number: str
    behaviour: str = "answer"
    answer_after_s: float = 0.1
    talk_s: float = 1.0
    machine: str = ""
    accepts: str = ""
    machine_after_s: float = 0.5
    steps: tuple[Step, ...] = (Listen(),)
    profile: frozenset[str] = frozenset()
    faults: Faults = Faults()

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Phone:
        """From JSON. Raises ValueError."""
        behaviour, machine = given.get("behaviour", "answer"), given.get("machine", "")
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"a phone's behaviour is one of {', '.join(BEHAVIOURS)}")
        if machine not in MACHINES:
            raise ValueError(f"a phone's machine is one of {', '.join(filter(None, MACHINES))}")
        return cls(
            number=str(given["number"]),
            behaviour=behaviour,
            answer_after_s=float(given.get("answer_after_s", 0.1)),
            talk_s=float(given.get("talk_s", 1.0)),
            machine=machine,
            accepts=str(given.get("accepts", "")),
            machine_after_s=float(given.get("machine_after_s", 0.5)),
            steps=tuple(parse_steps(given["steps"])) if given.get("steps") else (Listen(),),
            profile=parse_profile(given.get("profile")),
            faults=Faults.parse(given.get("faults")),
        )


class World(CarrierWorld):
    """Everything that was registered."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[str, Account] = {}
        self.applications: dict[str, Application] = {}
        self.numbers: dict[str, Number] = {}
        self.phones: dict[str, Phone] = {}
        self.spare_profiles: list[tuple[Account, Profile]] = []
        """Outbound voice profiles that no application has."""
        self.lose_answers_of: set[str] = set()
        """API keys whose next dial is carried out, and its answer never arrives."""

    def phone(self, number: str) -> Phone:
        """The phone of a number; one that nobody registered answers and listens."""
        return self.phones.get(number) or Phone(number)

    def profiles_of(self, account: Account) -> list[Profile]:
        assigned = [
            one.profile for one in self.applications.values() if one.account is account and one.profile
        ]
        return [*assigned, *(profile for owner, profile in self.spare_profiles if owner is account)]

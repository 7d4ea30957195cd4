"""A courier on a clock that is moved by hand, and connections that answer it."""

from __future__ import annotations

from typing import Any

from calls.sdk.courier import Courier
from calls.sdk.facts import SdkFacts
from calls.sdk.orders import Bound, Orders, Publish, Send, Tell
from patter.bridge.commands import HandlerAsk

FACTS = SdkFacts("call_1", "org_1", number="+15550002222", agent_id="agt_1", caller="+15550001111")


class Road:
    """What one call's courier does with the connections that are there."""

    def __init__(self, **facts: Any) -> None:
        self.now = 0.0
        self.courier = Courier(SdkFacts(**{**_given(FACTS), **facts}), "calls!1")
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.told: list[Any] = []
        self.bound: list[str] = []
        self.offers: list[tuple[str, dict[str, Any]]] = []
        self.deaf: set[str] = set()
        self.seq = 0

    def start(self, *bids: tuple[str, int]) -> Road:
        self.perform(self.courier.start(self.now))
        self.bid(*bids)
        return self

    def bid(self, *bids: tuple[str, int]) -> None:
        """Connections, each with its rank, answer the newest offer; then their time is up."""
        search = self.offers[-1][1]["search"]
        for name, rank in bids:
            self.hear(
                {"type": "sdk.bid", "search": search, "connection": peer(name), "rank": rank, "load": 0}
            )
        self.wait(0.06 if bids else 0.31)

    def ask(self, turn_id: str, text: str = "hello") -> None:
        history = [{"role": "user", "text": text}]
        self.perform(self.courier.ask(HandlerAsk(turn_id, text, history), self.now))

    def say(self, name: str, kind: str, **fields: Any) -> None:
        """A frame of a client, on one of its connections."""
        frame = {"type": kind, "call_id": "call_1", **fields}
        self.hear({"type": "sdk.said", "call_id": "call_1", "connection_id": name, "frame": frame})

    def lose(self, name: str, *, gone: bool = False) -> None:
        """Its socket is closed; ``gone``: by the program, for good."""
        lost = {"type": "sdk.lost", "connection_id": name, "channel": f"web!{name}"}
        self.hear({**lost, "gone": gone})

    def resume(self, name: str, last_seq: int) -> None:
        """The client of this connection is back, on another channel."""
        self.hear({"type": "sdk.moved", "connection": peer(name, "again"), "last_seq": last_seq})

    def hear(self, message: dict[str, Any]) -> None:
        self.perform(self.courier.receive(message, self.now))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.courier.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.perform(self.courier.handle_timer(self.now))
        self.now = end

    def perform(self, orders: Orders) -> None:
        for order in orders:
            match order:
                case Tell(event):
                    self.told.append(event)
                case Bound(connection_id):
                    self.bound.append(connection_id)
                case Publish(group, message):
                    self.offers.append((group, dict(message)))
                case Send(channel, message):
                    self._deliver(channel, dict(message))

    def _deliver(self, channel: str, message: dict[str, Any]) -> None:
        self.sent.append((channel, message["frame"]))
        if message["type"] != "sdk.frame" or channel in self.deaf:
            return
        self.seq += 1
        ack = {"type": "sdk.ack", "number": message["number"], "seq": self.seq}
        self.hear({**ack, "connection_id": channel.partition("!")[2].partition("+")[0]})

    def frames(self, channel: str = "") -> list[dict[str, Any]]:
        return [frame for to, frame in self.sent if not channel or to == channel]

    def kinds(self, channel: str = "") -> list[str]:
        return [frame["type"] for frame in self.frames(channel)]


def peer(name: str, place: str = "") -> dict[str, Any]:
    return {"id": name, "channel": f"web!{name}+{place}" if place else f"web!{name}", "legacy": False}


def _given(facts: SdkFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__slots__}

"""A call's way to the SDK that answers for it, as a machine: messages and time in, commands out.

Every frame of the call goes out in order, one at a time: the connection acknowledges within 300 ms, is sent
the frame once more, and then counts as lost. Frames are kept for a minute, so that a client that comes back
(``resume``) gets what it missed from the process that carries the call, whichever web process it reaches.

A turn is asked once. While its handler may be running somewhere, nobody else is asked: its connection gets
a while to come back with the answer, and then the turn is lost and the engine speaks its own phrase.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from calls.sdk import facts as frames
from calls.sdk.addresses import doors_group
from calls.sdk.facts import Frame, SdkFacts
from calls.sdk.kept import KEEP_S, Kept, KeptFrames
from calls.sdk.late import LateAnswers
from calls.sdk.orders import Bound, Orders, Publish, Send, Tell
from calls.sdk.search import ANSWER_WITHIN_S, Peer, Search
from calls.sdk.turn import OpenTurn
from patter.bridge.commands import HandlerAsk
from patter.bridge.records import CallEnded, Entry, KeyPressed, TurnSettled

ACK_WITHIN_S = 0.3
MOST_TRIES = 2
COMES_BACK_S = 1.5
"""A lost connection is waited for this long before others take its call over."""
ANSWER_COMES_BACK_S = 8.0
"""The same, while a handler of its may be running a turn."""
NOBODY_KEEPS_S = 5.0
"""After the end of a call that no SDK ever had."""
ASK_AGAIN_S = 10.0
ASK_AGAIN_SOON_S = 1.0
MOST_ASKED = 50


class Courier:
    """Contract as in the bridge: ``receive(message, now)``, ``next_timer()``, ``handle_timer(now)``."""

    def __init__(self, facts: SdkFacts, channel: str = "") -> None:
        self.facts = facts
        self.channel = channel
        self._owner: Peer | None = None
        self._former: Peer | None = None
        self._introduced: set[str] = set()
        self._dead: set[str] = set()
        self._search: Search | None = None
        self._searches = 0
        self._search_at: float | None = None
        self._kept = KeptFrames()
        self._in_flight: Kept | None = None
        self._tries = 0
        self._ack_until: float | None = None
        self._turn: OpenTurn | None = None
        self._asked: deque[str] = deque(maxlen=MOST_ASKED)
        self._late = LateAnswers()
        self._losses: dict[str, list[str]] = {}
        self._history: list[dict[str, str]] = []
        self._ended_at: float | None = None

    @property
    def over_at(self) -> float | None:
        """Until then a client that comes back may still fetch what it missed; None while the call runs."""
        if self._ended_at is None:
            return None
        return self._ended_at + (KEEP_S if self._introduced else NOBODY_KEEPS_S)

    @property
    def is_told(self) -> bool:
        """The end was delivered, or there is nobody to whom it could be."""
        nobody = self._owner is None and self._former is None and self._search is None
        return self._ended_at is not None and (nobody or self._kept.all_arrived)

    # -- what the call says -----------------------------------------------------------------------

    def start(self, now: float) -> Orders:
        """The call is carried from now on: find out who answers for it."""
        return self._look(now, placed=bool(self.facts.reply_to))

    def write(self, entry: Entry, now: float) -> Orders:
        """An entry of the call's log."""
        call_id = self.facts.call_id
        match entry:
            case TurnSettled(turn_id=turn_id, role=role, text=text):
                if text and role in ("user", "assistant"):
                    self._history.append({"role": role, "text": text})
                return self._put(frames.transcript(call_id, turn_id, role, text, self._history), now)
            case KeyPressed(digit):
                return self._put({"type": "dtmf", "call_id": call_id, "digit": digit}, now)
            case CallEnded():
                return self._end(entry, now)
            case _:
                return []

    def _end(self, ended: CallEnded, now: float) -> Orders:
        self._turn = None
        self._ended_at = now
        end = frames.call_end(
            self.facts.call_id,
            reason=ended.reason,
            duration_s=round(ended.duration_ms / 1000, 3),
            history=ended.history,
            transcript=ended.transcript,
            recording_url=self.facts.recording_url,
        )
        return self._put(end, now)

    def ask(self, command: HandlerAsk, now: float) -> Orders:
        """Have a turn answered. ``Tell`` follows; the last is HandlerDone or HandlerFailed."""
        self._drop_question(now)
        self._turn = OpenTurn(command.turn_id)
        self._asked.append(command.turn_id)
        history = frames.shared(command.history, self._history)
        asked = frames.message(self.facts, command.turn_id, command.text, history)
        out = self._put(asked, now)
        if self._owner is None and self._search is None and self._former is None:
            out += self._look(now, placed=bool(self.facts.reply_to))  # perhaps somebody has come since
        return out

    def cancel(self, turn_id: str, heard: str, now: float) -> Orders:
        """The caller spoke over the reply; ``heard`` is what they heard of it."""
        unsent = self._turn is not None and self._turn.turn_id == turn_id and not self._turn.asked
        if self._turn is not None and self._turn.turn_id == turn_id:
            self._drop_question(now)
        if unsent or turn_id not in self._asked:
            return []
        frame = {"type": "cancel", "call_id": self.facts.call_id, "turn_id": turn_id, "heard": heard}
        return self._put(frame, now)

    def _drop_question(self, now: float) -> None:
        """Nobody waits for the open turn's answer any more, be it that it came."""
        self._late.forget()
        if self._turn is not None:
            if self._turn.asked and not self._turn.over:
                self._late.given_up(now)
            self._turn = None
            self._kept.drop("message", spare=self._in_flight)

    # -- what comes over the bus ------------------------------------------------------------------

    def receive(self, message: Mapping[str, Any], now: float) -> Orders:
        match message:
            case {"type": "sdk.bid", "search": int(number), "connection": dict(described)}:
                return self._bid(number, Peer.of(described), message, now)
            case {"type": "sdk.ack", "number": int(number), "connection_id": str(peer), "seq": int(seq)}:
                return self._acked(number, peer, seq, now)
            case {"type": "sdk.said", "connection_id": str(peer), "frame": dict(frame)}:
                return self._said(peer, frame, now)
            case {"type": "sdk.note", "frame": dict(frame)}:
                return self._put(frame, now) if self._ended_at is None else []
            case {"type": "sdk.lost", "connection_id": str(), "channel": str(channel)}:
                mine = self._owner is not None and self._owner.channel == channel
                return self._lost(now, gone=bool(message.get("gone"))) if mine else []
            case {"type": "sdk.moved", "connection": dict(described), "last_seq": int(last_seq)}:
                return self._moved(Peer.of(described), last_seq, now)
            case {"type": "sdk.joined"}:
                waits = self._owner is None and self._search is None and not self._is_held(now)
                return self._look(now) if waits else []
        return []

    def _said(self, peer: str, frame: Mapping[str, Any], now: float) -> Orders:
        if frame.get("turn_id") is None and self._late.keep(peer, frame, now):
            return []
        return self._take(peer, frame, now)

    def _take(self, peer: str, frame: Mapping[str, Any], now: float) -> Orders:
        turn = self._turn
        if turn is None:
            return []
        told = turn.take(peer, frame)
        if turn.received and turn.held_until is not None:
            turn.held_until = now + ANSWER_COMES_BACK_S
        if turn.over:
            self._drop_question(now)
        return [Tell(event) for event in told]

    # -- who answers for the call -----------------------------------------------------------------

    def _look(self, now: float, *, placed: bool = False) -> Orders:
        self._searches += 1
        self._search_at = None
        self._search = Search(self._searches, now + ANSWER_WITHIN_S, placed)
        offer = frames.offer(self.facts, self._searches, self.channel, placed=placed)
        return [Publish(self.facts.reply_to if placed else doors_group(self.facts.organisation_id), offer)]

    def _bid(self, number: int, peer: Peer, message: Mapping[str, Any], now: float) -> Orders:
        search = self._search
        if search is None or search.number != number or peer.channel in self._dead:
            return []
        search.bid(peer, int(message.get("rank", 0)), int(message.get("load", 0)), now)
        return self._decide(now) if search.until <= now else []

    def _decide(self, now: float) -> Orders:
        search, self._search = self._search, None
        assert search is not None
        winner = search.winner()
        if winner is not None:
            return self._bind(winner, now)
        if search.placed:
            return self._look(now)
        return self._nobody(now)

    def _nobody(self, now: float) -> Orders:
        turn = self._turn
        if turn is not None and self._former is None:
            return self._lose_turn("Nothing is connected that answers.", now)
        self._search_at = now + (ASK_AGAIN_SOON_S if turn is not None else ASK_AGAIN_S)
        if turn is not None and turn.held_until is None:
            turn.held_until = now + ANSWER_COMES_BACK_S
        return []

    def _bind(self, peer: Peer, now: float) -> Orders:
        self._owner, self._former = peer, None
        turn = self._turn
        if turn is not None:
            turn.held_until = None
        if self._ended_at is not None:
            self._kept.drop_all_but("call_end")  # whoever comes only now is told of the end alone
        elif peer.id not in self._introduced:
            self._introduce(peer, now)
        return [Bound(peer.id), *self._pump(now)]

    def _introduce(self, peer: Peer, now: float) -> None:
        """The call begins for this connection, with what was said so far; before everything that waits."""
        self._introduced.add(peer.id)
        self._kept.drop("call_start")  # one that never reached somebody else
        self._kept.keep(frames.call_start(self.facts, self._history), now, first=True)

    def _look_soon(self, now: float) -> None:
        """Something is to be delivered, and nobody is looked for or waited for."""
        if self._search is None and self._search_at is None and not self._is_held(now):
            self._search_at = now + COMES_BACK_S

    def _is_held(self, now: float) -> bool:
        """The lost connection may still come back, and is waited for."""
        turn = self._turn
        if turn is not None and turn.held_until is not None and (turn.acked or turn.received):
            return turn.held_until > now
        return self._former is not None and self._search_at is not None and self._search_at > now

    # -- connections that go and come -----------------------------------------------------------------

    def _lost(self, now: float, *, silent: bool = False, gone: bool = False) -> Orders:
        """``silent``: it does not even acknowledge. ``gone``: it said goodbye, and nothing is waited for."""
        self._former, self._owner = self._owner, None
        self._in_flight = self._ack_until = None
        self._late = LateAnswers()
        turn = self._turn
        if gone:
            lost = self._lose_turn("The program that was answering ended.", now) if _begun(turn) else []
            if self._turn is not None:
                self._kept.repeat_question(self._turn.turn_id)
            return [*lost, *self._look(now)]
        if turn is not None and (turn.acked or turn.received):
            turn.held_until = now + (ANSWER_COMES_BACK_S if turn.received else COMES_BACK_S)
            return []
        if turn is not None or silent:
            return self._look(now)
        self._search_at = now + COMES_BACK_S
        return []

    def _moved(self, peer: Peer, last_seq: int, now: float) -> Orders:
        """A connection came back under its own id; it read everything up to ``last_seq``."""
        lost = [
            Send(peer.channel, {"type": "sdk.tell", "frame": self._turn_lost(turn_id)})
            for turn_id in self._losses.pop(peer.id, [])
        ]
        mine = self._owner if self._owner is not None else self._former
        if mine is None or mine.id != peer.id:
            return [*lost]
        self._owner, self._former, self._search, self._search_at = peer, None, None, None
        self._in_flight = self._ack_until = None
        self._dead.discard(peer.channel)
        self._kept.rewind(peer.id, last_seq)
        if self._turn is not None:
            self._turn.held_until = None
            self._kept.repeat_question(self._turn.turn_id)
        return [*lost, *self._pump(now)]

    def _lose_turn(self, why: str, now: float) -> Orders:
        turn = self._turn
        assert turn is not None
        for connection_id in turn.asked:
            self._losses.setdefault(connection_id, []).append(turn.turn_id)
        told = [Tell(event) for event in turn.fail("handler_lost", why)]
        self._drop_question(now)
        self._search_at = self._search_at or now + COMES_BACK_S
        return [*told]

    def _turn_lost(self, turn_id: str) -> Frame:
        return {"type": "turn_lost", "call_id": self.facts.call_id, "turn_id": turn_id}

    # -- frames on their way ------------------------------------------------------------------------

    def _put(self, frame: Frame, now: float) -> Orders:
        self._kept.keep(frame, now)
        return self._pump(now)

    def _pump(self, now: float) -> Orders:
        if self._owner is None:
            self._look_soon(now)
            return []
        if self._in_flight is not None:
            return []
        self._in_flight = self._kept.next()
        if self._in_flight is None:
            return []
        self._tries = 0
        return self._send(now)

    def _send(self, now: float) -> Orders:
        kept, owner = self._in_flight, self._owner
        assert kept is not None and owner is not None
        self._tries += 1
        self._ack_until = now + ACK_WITHIN_S
        if kept.frame["type"] == "message" and self._turn is not None:
            self._turn.asked.add(owner.id)
            if owner.legacy:
                self._late.asked(now)
        frame = {
            "type": "sdk.frame",
            "call_id": self.facts.call_id,
            "number": kept.number,
            "frame": kept.frame,
            "reply": self.channel,
        }
        return [Send(owner.channel, frame)]

    def _acked(self, number: int, peer: str, seq: int, now: float) -> Orders:
        kept = self._in_flight
        if kept is None or kept.number != number or self._owner is None or self._owner.id != peer:
            return []
        kept.delivered, kept.connection_id, kept.seq = True, peer, seq
        turn = self._turn
        if turn is not None and kept.frame.get("turn_id") == turn.turn_id and kept.frame["type"] == "message":
            turn.acked = True
            turn.received = turn.received or self._owner.legacy  # it says nothing before it answers
        self._in_flight = self._ack_until = None
        return self._pump(now)

    # -- time -----------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return min(self._timers(), default=None)

    def _timers(self) -> Iterable[float]:
        searched = self._search.until if self._search else None
        timers = [self._ack_until, self._search_at, searched, self._late.until]
        if self._turn is not None:
            timers.append(self._turn.held_until)
        return [timer for timer in timers if timer is not None]

    def handle_timer(self, now: float) -> Orders:
        out: Orders = []
        if self._ack_until is not None and self._ack_until <= now:
            out += self._not_acked(now)
        if self._search is not None and self._search.until <= now:
            out += self._decide(now)
        if self._late.until is not None and self._late.until <= now:
            out += self._take_late(now)
        if self._turn is not None and (held := self._turn.held_until) is not None and held <= now:
            out += self._did_not_come_back(self._turn, now)
        if self._search_at is not None and self._search_at <= now:
            self._search_at = None
            out += self._look(now) if self._owner is None and self._search is None else []
        return out

    def _take_late(self, now: float) -> Orders:
        """No newer answer came: what was kept back is the one to the present question."""
        kept = self._late.take()
        return self._take(*kept, now) if kept is not None else []

    def _not_acked(self, now: float) -> Orders:
        self._ack_until = None
        if self._tries < MOST_TRIES:
            return self._send(now)
        assert self._owner is not None
        self._dead.add(self._owner.channel)
        return self._lost(now, silent=True)

    def _did_not_come_back(self, turn: OpenTurn, now: float) -> Orders:
        turn.held_until = None
        if turn.received or self._search is not None or self._search_at is not None:
            return self._lose_turn("The program that was answering went away.", now)
        turn.acked = False
        self._kept.repeat_question(turn.turn_id)
        return self._look(now)


def _begun(turn: OpenTurn | None) -> bool:
    """Whether somebody's handler runs it."""
    return turn is not None and turn.received

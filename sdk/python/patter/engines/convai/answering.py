"""Handler mode: what ElevenLabs asks for is asked of the handler, and its answer goes back in pieces. Pure.

The same last message of the caller within one open turn is the same turn: the vendor asks again after a
timeout of its own, and a handler runs once for what a caller said once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from patter.bridge.clock import take_due
from patter.bridge.commands import Command, Note
from patter.bridge.engine import Parts
from patter.bridge.events import (
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmFailed,
)
from patter.bridge.records import Noted
from patter.bridge.wellformed import Pieces
from patter.engines.convai.caller import folded
from patter.engines.convai.replier import Replier
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyWanted
from patter.engines.pipeline.clean import Cleaner
from patter.engines.pipeline.sentences import Sentences

MOST_FAILURES = 3
FIRST_WORD_WITHIN_S = 15.0
"""Of the answer or of the filler. After 20 s without a word the vendor ends the conversation."""

NEVER_SAID = (-1, "")
HandlerAnswers = HandlerDelta | HandlerDone | HandlerFailed
ModelAnswers = LlmDelta | LlmDone | LlmFailed
Send = Callable[[ReplyPiece | ReplyEnd], list[Command]]


@dataclass(slots=True)
class OpenTurn:
    """A caller's turn until its reply was heard, or something else was said."""

    turn_id: str
    said: tuple[int, str]
    decided_at: float
    end_of_turn_ms: int
    asks: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    whole: Pieces = field(default_factory=Pieces)
    sentences: Sentences = field(default_factory=Sentences)
    cleaner: Cleaner = field(default_factory=Cleaner)
    answering: bool = True
    answered: bool = False
    """The handler said something."""
    filled: bool = False
    stopped: bool = False
    """The handler has nothing more to learn about it."""
    heard: bool = False
    first_text_at: float | None = None

    @property
    def text(self) -> str:
        """What was given to the vendor so far."""
        return "".join(self.pieces).strip()


class Answering:
    """The present turn and the handler's answer to it. ``send`` takes what goes back to the vendor."""

    def __init__(self, parts: Parts, send: Send) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._send = send
        self._replier = Replier(parts)
        self._failures = 0
        self._filler_at: float | None = None
        self._deadline: float | None = None
        self.turn: OpenTurn | None = None
        self.given_up = ""
        """Whoever replies failed too often: the answer that is being given is the apology, and the last. The
        reason for the call's end."""
        self.hands_over = False
        """The handler failed too often: the caller is to be put through to a human."""

    @property
    def going_on(self) -> bool:
        """The handler has not finished."""
        return self.turn is not None and self.turn.answering

    # -- asked ------------------------------------------------------------------------------------

    def same_turn(self, wanted: ReplyWanted) -> bool:
        """Whether this asks once more for the reply to the present turn."""
        return self.turn is not None and self.turn.said == _key(wanted)

    def again(self, wanted: ReplyWanted) -> list[Command]:
        """Give this one the answer too, from its beginning."""
        turn = self.turn
        assert turn is not None
        out = [command for piece in turn.pieces for command in self._send(ReplyPiece(wanted.ask_id, piece))]
        if not turn.answering:
            return [*out, *self._send(ReplyEnd(wanted.ask_id))]
        turn.asks.append(wanted.ask_id)
        return out

    def ask(
        self, wanted: ReplyWanted, turn_id: str, text: str, *, end_of_turn_ms: int, heard: str, now: float
    ) -> list[Command]:
        """A new turn: ask the handler. ``heard``: what was heard of the answer to the one before."""
        stopped = self.stop(heard)
        self.turn = OpenTurn(turn_id, _key(wanted), now, end_of_turn_ms, [wanted.ask_id])
        values = self._plan.turn_taking
        filler = self._plan.phrases.filler.strip()
        self._filler_at = now + values.filler_after_ms / 1000 if filler else None
        first_word_s = values.handler_timeout_s if filler else FIRST_WORD_WITHIN_S
        self._deadline = now + min(values.handler_timeout_s, first_word_s)
        return [*stopped, self._replier.ask(turn_id, text)]

    def moved(self) -> None:
        """Another conversation goes on with the call, and counts what the caller says anew."""
        if self.turn is not None:
            self.turn.said = NEVER_SAID
            self.turn.asks.clear()

    def asked_again(self, text: str) -> None:
        """The present turn is the first of the new conversation."""
        if self.turn is not None:
            self.turn.said = (1, folded(text))

    def gone(self, ask_id: str) -> None:
        """Whoever asked went away. The answer is kept: the same may be asked again."""
        if self.turn is not None and ask_id in self.turn.asks:
            self.turn.asks.remove(ask_id)

    # -- answered ---------------------------------------------------------------------------------

    def delta(self, event: HandlerDelta | LlmDelta, now: float) -> list[Command]:
        turn = self._mine(event)
        if turn is None:
            return []
        self._deadline = now + self._plan.turn_taking.handler_timeout_s
        if event.text.strip():
            self._filler_at = None
            turn.answered = True
        return self._say(turn, turn.sentences.push(turn.whole.push(event.text)), now)

    def done(self, event: HandlerDone | LlmDone, now: float) -> tuple[list[Command], OpenTurn | None]:
        """Gives the turn too where that was a deliberate silence."""
        turn = self._mine(event)
        if turn is None:
            return [], None
        self._failures = 0
        out = self._finish(turn, now)
        return out, None if turn.pieces else turn

    def failed(self, event: HandlerFailed | LlmFailed, now: float) -> list[Command]:
        turn = self._mine(event)
        code = event.code if isinstance(event, HandlerFailed) else "model"
        return [] if turn is None else self._fail(turn, code, now)

    def _mine(self, event: HandlerAnswers | ModelAnswers) -> OpenTurn | None:
        """The turn that an answer belongs to; None: nobody waits for it any more."""
        answer_id = event.turn_id if isinstance(event, HandlerAnswers) else event.ask_id
        turn = self.turn
        mine = turn is not None and turn.answering and self._replier.id_of(turn.turn_id) == answer_id
        return turn if mine else None

    def _say(self, turn: OpenTurn, chunks: list[str], now: float) -> list[Command]:
        out: list[Command] = []
        for chunk in chunks:
            if spoken := turn.cleaner.clean(chunk):
                out += self._piece(turn, f"{spoken} ", now)
        return out

    def _piece(self, turn: OpenTurn, text: str, now: float) -> list[Command]:
        if turn.first_text_at is None:
            turn.first_text_at = now
        turn.pieces.append(text)
        return [command for ask_id in turn.asks for command in self._send(ReplyPiece(ask_id, text))]

    def _finish(self, turn: OpenTurn, now: float) -> list[Command]:
        out = self._say(turn, turn.sentences.flush(), now)
        turn.answering = False
        self._filler_at = self._deadline = None
        asks, turn.asks = turn.asks, []
        return out + [command for ask_id in asks for command in self._send(ReplyEnd(ask_id))]

    def _fail(self, turn: OpenTurn, code: str, now: float) -> list[Command]:
        self._failures += 1
        turn.stopped = True
        out: list[Command] = [self._note("reply.failed", now, code=code, turn_id=turn.turn_id)]
        out += self._say(turn, turn.sentences.flush(), now)
        if self._failures >= MOST_FAILURES:
            return out + self._give_up(turn, now)
        return out + self._piece(turn, self._plan.phrases.retry, now) + self._finish(turn, now)

    def _give_up(self, turn: OpenTurn, now: float) -> list[Command]:
        """Nobody answers this caller any more: what the agent's policy says, at last the apology."""
        policy = "goodbye" if self._replier.by_model else self._plan.handler_policy
        if policy == "model":
            return self._take_over(turn, now)
        self.hands_over = policy == "transfer"
        phrases = self._plan.phrases
        if not self.hands_over:
            self.given_up = "provider_error" if self._replier.by_model else "handler_lost"
        last = phrases.transfer if self.hands_over else phrases.apology
        return self._piece(turn, last, now) + self._finish(turn, now)

    def _take_over(self, turn: OpenTurn, now: float) -> list[Command]:
        """The model answers what the handler did not."""
        self._replier.take_over()
        self._failures = 0
        turn.stopped = False
        self._filler_at, self._deadline = None, now + FIRST_WORD_WITHIN_S
        replaced = self._note("handler.replaced", now, by="model")
        return [replaced, self._replier.ask(turn.turn_id, "")]

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))

    # -- its end ----------------------------------------------------------------------------------

    def heard(self) -> None:
        """The reply to the present turn was heard to its end."""
        if self.turn is not None and not self.turn.answering:
            self.turn.stopped = self.turn.heard = True

    def stop(self, heard: str) -> list[Command]:
        """The present turn is over: something else was said, or its reply was cut after ``heard``."""
        turn = self.turn
        if turn is None or turn.stopped:
            return []
        turn.stopped = True
        turn.sentences = Sentences()  # what was not sent yet is not wanted any more
        out = self._finish(turn, turn.decided_at) if turn.answering else []
        return [self._replier.stop(turn.turn_id, heard), *out]

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        timers = (self._filler_at, self._deadline)
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, now: float) -> list[Command]:
        turn = self.turn
        out: list[Command] = []
        silent, self._filler_at = take_due(self._filler_at, now)
        if silent and turn is not None and turn.answering and not turn.answered:
            turn.filled = True
            out += self._piece(turn, f"{self._plan.phrases.filler.strip()} ", now)
        late, self._deadline = take_due(self._deadline, now)
        if late and turn is not None and turn.answering:
            code = "model" if self._replier.by_model else "handler_timeout"
            out += [self._replier.stop(turn.turn_id, ""), *self._fail(turn, code, now)]
        return out


def _key(wanted: ReplyWanted) -> tuple[int, str]:
    return wanted.messages, folded(wanted.text)

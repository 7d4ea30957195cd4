"""What a caller who speaks over a reply does to it: nothing, a pause and its end or resumption, or the cut.

``interrupt.py`` judges voice and words, ``echo.py`` whether they are our own come back. Here their
judgement is carried out on the reply that is being heard.
"""

from __future__ import annotations

from patter.bridge.commands import Note
from patter.bridge.engine import Outcome, Parts
from patter.bridge.records import Noted
from patter.engines.pipeline.ears import Ears
from patter.engines.pipeline.echo import EchoLine, follows, repeats
from patter.engines.pipeline.interrupt import Interrupt, Verdict, is_backchannel
from patter.engines.pipeline.replies import Replies
from patter.engines.pipeline.reply import Kind, Reply
from patter.engines.pipeline.signals import WordsHeard
from patter.engines.pipeline.yielding import Yielding


class BargeIn:
    """Of one call. Reads the ears, and moves replies and playback."""

    def __init__(self, parts: Parts, ears: Ears, replies: Replies) -> None:
        self._parts = parts
        self._ears = ears
        self._replies = replies
        self._interrupt = Interrupt(parts.plan.turn_taking, parts.plan.language)
        self._echo = EchoLine()
        self._yielding = Yielding(parts.plan.turn_taking)
        self._voice_over: tuple[Reply | None, int] | None = None
        """The reply, and how much of it was heard, when the caller's present utterance got a voice."""
        self._cut_by_voice = False

    # -- what is heard ----------------------------------------------------------------------------

    def played(self, loudness: int, now: float) -> None:
        """How loud we are: an echo may come back over the line, and must not be taken for the caller."""
        self._ears.detector.note_playback(loudness)
        self._echo.played(loudness, self._parts.clock.ms(now))

    def voice_began(self, at_ms: int, now: float) -> None:
        self._interrupt.voice_began(at_ms)
        self._echo.voice_began(at_ms)
        if self._voice_over is None:
            ago_ms = max(0, self._parts.clock.ms(now) - at_ms)
            heard_ms = self._parts.playback.heard_ms(now) - ago_ms
            self._voice_over = (self._replies.current, max(0, heard_ms))
        reply = self._replies.current
        if reply is not None and self._yields(reply):
            self._yielding.voice_began(reply, at_ms)

    def _yields(self, reply: Reply) -> bool:
        """It can wait for a caller who speaks on. A first message is the answer to them."""
        begun = self._parts.playback.sent_ms > 0
        return not begun and self.interruptible and reply.kind is not Kind.FIRST

    def voice_ended(self, at_ms: int) -> None:
        self._interrupt.voice_ended(at_ms)
        self._echo.voice_ended(at_ms)
        self._yielding.voice_ended(at_ms)

    def utterance_over(self) -> None:
        self._voice_over = None

    def words(self, words: WordsHeard, now: float) -> Outcome:
        """The caller says something, perhaps over a reply."""
        self._cut_by_voice = False
        if not self.replying_aloud() or not self.interruptible:
            return []
        now_ms = self._parts.clock.ms(now)
        echo = self._is_echo(words.text, now)
        verdict = self._interrupt.words(words.text, echo=echo, final=words.final, media_ms=now_ms)
        return self.cut("words", now) if verdict is Verdict.CUT else []

    def take_cut_by_voice(self) -> bool:
        """True once after a long voice stopped the agent and no word of it was understood."""
        if not self._cut_by_voice or self._replies.current is not None:
            return False
        self._cut_by_voice = False
        return True

    # -- what is being said -----------------------------------------------------------------------

    @property
    def interruptible(self) -> bool:
        reply = self._replies.current
        if reply is None or reply.closing:
            return False
        if reply.kind is Kind.NOTICE:
            return False
        return reply.kind is not Kind.FIRST or self._parts.plan.turn_taking.first_message_interruptible

    def replying_aloud(self) -> bool:
        """Some of a reply was sent: words may be an interruption. Before that they only go on."""
        return self._replies.current is not None and self._parts.playback.sent_ms > 0

    def means_nothing(self, text: str, now: float) -> bool:
        """Whether these words over a reply ask for no answer: "I am listening", or the reply's own."""
        return is_backchannel(text, self._parts.plan.language) or self._is_echo(text, now)

    def _is_echo(self, text: str, now: float) -> bool:
        reply = self._replies.current
        if reply is None or self._voice_over is None:
            return reply is not None and repeats(text, self._recent_reply(reply, now))
        over, heard_ms = self._voice_over
        return over is reply and self._echo.shown and follows(text, reply.script, heard_ms)

    def _recent_reply(self, reply: Reply, now: float) -> str:
        """What the caller could be hearing back: the reply's last 3 s."""
        heard_ms = self._parts.playback.heard_ms(now)
        upto = reply.script.heard_text(heard_ms + 300)
        before = reply.script.heard_text(max(0, heard_ms - 3000))
        return upto[len(before) :]

    # -- what becomes of it -----------------------------------------------------------------------

    def judge(self, now: float) -> Outcome:
        """Time passed while a reply is being heard."""
        now_ms = self._parts.clock.ms(now)
        words, owed = bool(self._ears.pending_text), self._ears.owed_text
        if self._yielding.take_over(self._replies.current, now_ms, words=words, owed=owed):
            return self._replies.release(now)
        if not self.interruptible:
            return []
        playback = self._parts.playback
        heard_ms = playback.heard_ms(now)
        verdict = self._interrupt.tick(now_ms, heard_ms, not self._ears.voiced, owed=owed)
        if verdict is Verdict.PAUSE:
            return [self._note("barge_in.suspected", now), *playback.pause(now)]
        if verdict is Verdict.RESUME:
            self._ears.detector.doubt_echo()
            resumed = playback.resume(now)
            return [self._note("barge_in.denied", now), *resumed, *self._replies.playback_moved(now)]
        if verdict is Verdict.CUT:
            self._cut_by_voice = not self._ears.pending_text
            return self.cut("voice", now)
        return []

    def judge_anew(self, now: float) -> None:
        """Another reply begins, or none is heard any more."""
        self._interrupt.begin_reply(self._parts.clock.ms(now) if self._ears.voiced else None)

    def cut(self, by: str, now: float) -> Outcome:
        """End the reply here; ``by``: words, voice, key, say or end."""
        if self._replies.current is None:
            return []
        heard_ms = self._parts.playback.heard_ms(now)
        cut = self._replies.cut(now)
        self.judge_anew(now)
        return [self._note("reply.cut", now, by=by, heard_ms=heard_ms), *cut.out]

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))

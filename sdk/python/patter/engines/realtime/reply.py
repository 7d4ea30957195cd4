"""One reply: what the session says in it, item by item, and what is still to be read aloud."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from patter.audio.frames import ms_of
from patter.bridge.script import WORD, Script, Span, word_ends
from patter.bridge.wellformed import Pieces
from patter.engines.pipeline.clean import Cleaner
from patter.engines.pipeline.reply import Kind, Timing
from patter.engines.pipeline.sentences import Sentences
from patter.engines.realtime.tools import ToolRounds

__all__ = ["Chunk", "Item", "Kind", "Reply"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A text to be read aloud. ``aside``: it is no part of the answer, such as a filler."""

    text: str
    aside: bool = False


@dataclass(slots=True)
class Item:
    """What one item of the conversation became: a span of the reply's text, and a stretch of its audio."""

    item_id: str
    span: int
    start_ms: int
    chunk: Chunk | None
    """What was given to be read aloud; None for an item of the conversation."""
    audio_bytes: int = 0
    written: bool = False
    """The provider told what is said in it."""
    lost: bool = False
    """It was an item of a session that is over: the present one knows nothing of it."""

    @property
    def audio_ms(self) -> int:
        return ms_of(self.audio_bytes)


class Reply:
    """What the agent is saying now."""

    def __init__(self, turn_id: str, kind: Kind, started_ms: int, now: float) -> None:
        self.turn_id = turn_id
        self.kind = kind
        self.started_ms = started_ms
        self.timing = Timing(decided_at=now)
        self.script = Script()
        self.items: dict[str, Item] = {}
        self.responses: set[str] = set()
        """The responses that belong to it. What comes of any other is not heard."""
        self.asking = False
        """A handler was asked and has not finished."""
        self.wants_model = False
        """The model of the conversation is to be asked."""
        self.by_model = False
        self.reading: Chunk | None = None
        """What is being read aloud now."""
        self.chunks: deque[Chunk] = deque()
        self.tools = ToolRounds(turn_id)
        self.tries = 0
        self.filled = self.failed = self.heard = self.closing = self.broken_off = False
        self._said: list[str] = []
        self._pieces, self._sentences, self._cleaner = Pieces(), Sentences(), Cleaner()

    # -- text to be read --------------------------------------------------------------------------

    @property
    def given(self) -> str:
        """What a handler or the system gave to be said."""
        return "".join(self._said).strip()

    def push(self, text: str) -> None:
        """A piece of text to be read aloud."""
        text = self._pieces.push(text)
        self._said.append(text)
        for chunk in self._sentences.push(text):
            self._add(chunk)

    def finish(self) -> None:
        """No more text comes."""
        for chunk in self._sentences.flush():
            self._add(chunk)

    def add_aside(self, text: str) -> None:
        self.chunks.append(Chunk(text, aside=True))

    def _add(self, text: str) -> None:
        if spoken := self._cleaner.clean(text):
            self.chunks.append(Chunk(spoken))

    def take_unread(self) -> Chunk | None:
        """What is read aloud broke off: what is still to be said, from the word within which it broke."""
        chunk, self.reading = self.reading, None
        last = next(reversed(self.items.values()), None)
        if chunk is None or last is None or last.chunk is not chunk or not last.audio_bytes:
            return chunk
        span = self.script.spans[last.span]
        if span.complete:
            return None
        words = list(WORD.finditer(chunk.text))
        at = words[max(0, min(_words_said(span, chunk, last), len(words)) - 1)].start()
        span.text, span.complete = chunk.text[:at], True
        return replace(chunk, text=chunk.text[at:])

    # -- what is said -----------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Nothing was said and nothing is to be."""
        return not (self.items or self.chunks or self.reading)

    @property
    def audio_ms(self) -> int:
        return sum(item.audio_ms for item in self.items.values())

    def item(self, item_id: str) -> Item:
        """The item of this name, begun where it is new."""
        if (item := self.items.get(item_id)) is None:
            chunk = self.reading
            text, aside = (f"{chunk.text} ", chunk.aside) if chunk else ("", False)
            span = self.script.begin_span(text, aside=aside)
            item = self.items[item_id] = Item(item_id, span, self.audio_ms, chunk)
        return item

    def add_audio(self, item_id: str, payload: bytes) -> None:
        item = self.items.get(item_id) or self.item(item_id)
        before = item.audio_bytes // 8
        item.audio_bytes += len(payload)
        self.script.add_audio(item.span, item.audio_bytes // 8 - before)

    def add_text(self, item_id: str, text: str) -> None:
        """A piece of what is said, in the provider's own words: they count, not what it was given to read."""
        item = self.item(item_id)
        span = self.script.spans[item.span]
        span.text = span.text + text if item.written else text
        item.written = True

    def set_text(self, item_id: str, text: str) -> None:
        if not text.strip():
            return  # what was told in pieces counts
        item = self.item(item_id)
        self.script.spans[item.span].text = f"{text.strip()} "
        item.written = True

    def end_item(self, item_id: str) -> None:
        if item := self.items.get(item_id):
            self.script.complete_span(item.span)

    def end_items(self) -> None:
        """Whatever is missing will not come, and what is said next begins a new word."""
        for span in self.script.spans:
            span.complete = True
            if span.text and not span.text[-1].isspace():
                span.text += " "

    def lose_items(self) -> None:
        """The session in which they were made is over."""
        for item in self.items.values():
            item.lost = True

    @property
    def unknown(self) -> bool:
        """The present session's conversation holds nothing of it."""
        return all(item.lost or item.chunk is not None for item in self.items.values())

    def unheard(self, heard_ms: int) -> list[tuple[str, int]]:
        """The conversation's items that were not heard to their end, and how much of each was."""
        cut = []
        for item in self.items.values():
            heard_of_it = min(max(0, heard_ms - item.start_ms), item.audio_ms)
            whole = heard_of_it == item.audio_ms and self.script.spans[item.span].complete
            if item.chunk is None and item.audio_bytes and not (whole or item.lost):
                cut.append((item.item_id, heard_of_it))
        return cut


def _words_said(span: Span, chunk: Chunk, item: Item) -> int:
    """Counting the one that was being said. Words may be told before their sound comes: the fewer count."""
    ends = word_ends(Span(chunk.text, audio_ms=item.audio_ms))
    by_sound = sum(end_ms <= item.audio_ms for _, end_ms in ends) + 1
    return min(by_sound, len(WORD.findall(span.text))) if item.written else by_sound

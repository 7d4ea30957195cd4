"""``<Gather>``: speaks, and waits for a key or a word of the person at the far end."""

from __future__ import annotations

import asyncio

from patter.simulators.facts import Fact
from patter.simulators.sound import SILENT_FRAME, frames_of, tone
from patter.simulators.twilio.call import Source
from patter.simulators.twilio.flow import Flow
from patter.simulators.twilio.twiml import Document, Element
from patter.simulators.twilio.webhooks import Fields

MS_PER_CHARACTER = 65
VOICE = frames_of(tone(100, hz=220.0))


class _Listening:
    """Meets ``Ear``: a voice that speaks for a while, and ears for keys."""

    def __init__(self, speaks_ms: float, digits: int) -> None:
        self._speaks_ms = speaks_ms
        self._wanted = digits
        self._began_ms: int | None = None
        self.digits = ""
        self.done = asyncio.Event()

    def play(self, now_ms: int) -> bytes:
        self._began_ms = now_ms if self._began_ms is None else self._began_ms
        speaking = now_ms - self._began_ms < self._speaks_ms
        return VOICE[now_ms // 20 % len(VOICE)] if speaking else SILENT_FRAME

    def hear(self, frame: bytes, now_ms: int) -> None:
        """Words are read from the script of whoever says them: this carrier has no ears of its own."""

    def press(self, digit: str) -> None:
        self.digits += digit
        if len(self.digits) >= self._wanted:
            self.done.set()


async def gather(flow: Flow, verb: Element, document: Document) -> Document | None:
    """Run the verb; the document of its ``action`` comes back where something was entered."""
    attributes = verb.attributes
    spoken = " ".join(child.text for child in verb.children if child.tag == "Say")
    if spoken:
        flow.call.note("carrier_said", text=spoken, language=verb.children[0].attributes.get("language", ""))
    speaks_ms = MS_PER_CHARACTER * len(spoken)
    ear = _Listening(speaks_ms, int(attributes.get("numDigits", "1")))
    handset = flow.answer()
    handset.ear = ear
    words: list[str] = []
    speaking = asyncio.create_task(_words(flow, words, ear.done))
    try:
        async with asyncio.timeout(speaks_ms / 1000 + float(attributes.get("timeout", "5"))):
            await ear.done.wait()
    except TimeoutError:
        pass
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        handset.ear = None
    told: Fields = [("Digits", ear.digits)] if ear.digits else []
    if words:
        told = [("SpeechResult", words[0]), ("Confidence", "0.9")]
    if not told and attributes.get("actionOnEmptyResult") != "true":
        return None
    action = attributes.get("action", document.url or "")
    return await flow.fetch(Source(document.resolve(action), attributes.get("method", "POST")), told)


async def _words(flow: Flow, words: list[str], done: asyncio.Event) -> None:
    """The first words that the person says from now on."""
    known = len(flow.call.facts)
    async for fact in flow.call.follow():
        known -= 1
        if known < 0 and _says(fact):
            words.append(str(fact.data["text"]))
            await asyncio.sleep(fact.data["duration_ms"] / 1000)
            done.set()
            return


def _says(fact: Fact) -> bool:
    return fact.kind == "said" and bool(fact.data.get("text"))

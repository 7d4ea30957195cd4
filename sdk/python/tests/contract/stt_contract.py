"""What every recogniser does, whatever its provider: subclass ``SttContract`` and give it a rig.

A rig is one adapter's strict server and how to make adapters for it. Time in the audio is the media's:
it is fed faster than it would be spoken.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from patter.audio.frames import FRAME_BYTES, silence
from patter.bridge.events import Event, SttClosed, SttFailed, SttHeard, SttOpened
from patter.bridge.ports import Stt

from .waiting import PATIENCE_S, eventually, new_tasks

FASTER = 8
"""Audio is fed so many times faster than it was spoken; a recogniser buffers 2 s."""


class SttRig:
    """Override what differs. ``audio`` is a spoken phrase, ``text`` what it is heard as."""

    audio: bytes
    text: str

    def adapter(self) -> Stt:
        """A new recogniser, allowed to connect for at most about half a second."""
        raise NotImplementedError

    def fail(self, fault: str) -> None:
        """``unauthorized``, ``busy``, ``late``, ``drop`` (as audio comes), ``never_final``, ``garbage``."""
        raise NotImplementedError

    def open_sockets(self) -> int:
        """How many connections the server holds."""
        raise NotImplementedError


class Listening:
    """One running recogniser."""

    def __init__(self, stt: Stt, stt_id: str) -> None:
        self.stt, self.stt_id = stt, stt_id
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(stt.run(stt_id, self._take))

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, wanted: Callable[[Event], bool]) -> Event:
        """The first such event, past or coming."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                self._changed.clear()
                await self._changed.wait()

    async def opened(self) -> None:
        await self.until(lambda event: isinstance(event, SttOpened | SttFailed))
        assert isinstance(self.events[0], SttOpened), self.events

    async def hear(self, audio: bytes) -> None:
        for at in range(0, len(audio), FRAME_BYTES):
            self.stt.send(audio[at : at + FRAME_BYTES])
            await asyncio.sleep(0.02 / FASTER)

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(self.task, PATIENCE_S)

    @property
    def text(self) -> str:
        """All final text, as the pipeline joins it."""
        parts = [event.text for event in self.events if isinstance(event, SttHeard) and event.final]
        return " ".join(part for part in parts if part)

    @property
    def failure(self) -> SttFailed:
        [failed] = [event for event in self.events if isinstance(event, SttFailed)]
        return failed


def plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == " ").strip()


def is_final(event: Event) -> bool:
    return isinstance(event, SttHeard) and event.final and bool(event.text)


def ends_turn(event: Event) -> bool:
    return isinstance(event, SttHeard) and event.end_of_turn


class SttContract:
    """Subclasses define the fixture ``rig``."""

    @pytest.fixture
    async def listen(self, rig: SttRig) -> AsyncIterator[Callable[..., Listening]]:
        running: list[Listening] = []

        def start(stt_id: str = "stt1") -> Listening:
            running.append(Listening(rig.adapter(), stt_id))
            return running[-1]

        yield start
        for listening in running:
            await listening.stop()

    async def test_it_opens_and_hears_a_phrase(self, rig, listen):
        ears = listen()
        await ears.opened()
        await ears.hear(silence(200) + rig.audio + silence(1200))
        await ears.until(ends_turn)
        assert plain(ears.text) == plain(rig.text)
        assert all(event.stt_id == "stt1" for event in ears.events)

    async def test_what_is_not_final_yet_is_part_of_what_comes(self, rig, listen):
        ears = listen()
        await ears.opened()
        await ears.hear(silence(200) + rig.audio + silence(1200))
        await ears.until(ends_turn)
        interims = [event.text for event in ears.events if isinstance(event, SttHeard) and not event.final]
        assert all(plain(rig.text).startswith(plain(text)) for text in interims), interims

    async def test_two_phrases_are_two_turns(self, rig, listen):
        ears = listen()
        await ears.opened()
        await ears.hear(silence(200) + rig.audio + silence(1200) + rig.audio + silence(1200))
        await eventually(lambda: sum(map(ends_turn, ears.events)) == 2)
        assert plain(ears.text) == f"{plain(rig.text)} {plain(rig.text)}"

    async def test_silence_is_no_text(self, rig, listen):
        ears = listen()
        await ears.opened()
        await ears.hear(silence(2500))
        await ears.stop()
        assert ears.text == ""
        assert not any(map(ends_turn, ears.events))

    async def test_a_dropped_connection_may_be_tried_again(self, rig, listen):
        rig.fail("drop")
        ears = listen()
        await ears.opened()
        await ears.hear(rig.audio + silence(1000))
        await ears.until(lambda event: isinstance(event, SttFailed))
        assert not ears.failure.permanent
        await asyncio.wait_for(ears.task, PATIENCE_S)
        assert ears.events[-1] == ears.failure

    async def test_a_wrong_key_is_permanent(self, rig, listen):
        rig.fail("unauthorized")
        ears = listen()
        await asyncio.wait_for(ears.task, PATIENCE_S)
        assert ears.events == [ears.failure]
        assert ears.failure.permanent

    async def test_too_many_requests_may_be_tried_again(self, rig, listen):
        rig.fail("busy")
        ears = listen()
        await asyncio.wait_for(ears.task, PATIENCE_S)
        assert ears.events == [ears.failure]
        assert not ears.failure.permanent

    async def test_a_late_server_is_given_up(self, rig, listen):
        rig.fail("late")
        ears = listen()
        await asyncio.wait_for(ears.task, 2.5)
        assert ears.events == [ears.failure]
        assert not ears.failure.permanent

    async def test_nonsense_is_ignored(self, rig, listen):
        rig.fail("garbage")
        ears = listen()
        await ears.opened()
        await ears.hear(silence(200) + rig.audio + silence(1200))
        await ears.until(ends_turn)
        assert plain(ears.text) == plain(rig.text)

    async def test_cancelling_closes_the_socket_and_leaves_no_task(self, rig, listen):
        before = asyncio.all_tasks()
        ears = listen()
        await ears.opened()
        await ears.hear(rig.audio)
        await ears.stop()
        assert isinstance(ears.events[-1], SttClosed)
        await eventually(lambda: not rig.open_sockets())
        await eventually(lambda: not new_tasks(before))

    async def test_cancelling_twice_closes_the_socket_too(self, rig, listen):
        """A session stops a recogniser, and then everything that still runs."""
        before = asyncio.all_tasks()
        ears = listen()
        await ears.opened()
        await ears.hear(rig.audio)
        ears.task.cancel()
        await asyncio.sleep(0)
        await ears.stop()
        assert isinstance(ears.events[-1], SttClosed)
        await eventually(lambda: not rig.open_sockets())
        await eventually(lambda: not new_tasks(before))

    async def test_cancelling_while_it_connects(self, rig, listen):
        rig.fail("late")
        ears = listen()
        await asyncio.sleep(0.1)
        await ears.stop()
        assert ears.task.cancelled()
        assert ears.events == [SttClosed("stt1")]

    async def test_audio_of_any_size_at_any_time_never_raises(self, rig, listen):
        ears = listen()
        for size in (0, 1, 159, 161, 50_000):
            ears.stt.send(b"\xff" * size)
        ears.stt.finalize()
        await ears.opened()
        await ears.hear(silence(100))
        await ears.stop()
        ears.stt.send(b"\xff" * 160)
        ears.stt.finalize()
        assert not any(isinstance(event, SttFailed) for event in ears.events)

    async def test_two_calls_do_not_mix(self, rig, listen):
        one, two = listen("one"), listen("two")
        await asyncio.gather(one.opened(), two.opened())
        await asyncio.gather(
            one.hear(silence(200) + rig.audio + silence(1200)), two.hear(silence(200 + 1200) + silence(1000))
        )
        await one.until(ends_turn)
        await asyncio.gather(one.stop(), two.stop())
        assert plain(one.text) == plain(rig.text)
        assert two.text == ""
        assert {event.stt_id for event in one.events} == {"one"}
        assert {event.stt_id for event in two.events} == {"two"}


class FinalizingSttContract(SttContract):
    """Of those that can be asked for a final text; some providers decide everything themselves."""

    async def test_finalize_gives_the_text_without_ending_the_turn(self, rig, listen):
        rig.fail("never_final")
        ears = listen()
        await ears.opened()
        await ears.hear(silence(200) + rig.audio + silence(100))
        assert not ears.text
        ears.stt.finalize()
        event = await ears.until(is_final)
        assert isinstance(event, SttHeard) and not event.end_of_turn
        assert plain(ears.text) == plain(rig.text)

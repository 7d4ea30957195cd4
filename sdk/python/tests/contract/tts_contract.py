"""What every voice does, whatever its provider: subclass ``TtsContract`` and give it a rig."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from patter.audio.frames import ms_of
from patter.audio.mulaw import level
from patter.bridge.events import Event, TtsAudio, TtsDone, TtsFailed
from patter.bridge.ports import Tts

from .waiting import PATIENCE_S, eventually, new_tasks

TEXT = "Hello, this is the voice of your agent."
OTHER = "And this is another sentence, which is quite a bit longer than the first one was."


class TtsRig:
    """Override what differs."""

    def adapter(self) -> Tts:
        """A new voice; waits about half a second for a connection, for first audio and when it stalls."""
        raise NotImplementedError

    def fail(self, fault: str) -> None:
        """``unauthorized``, ``busy``, ``late`` (no connection or no first audio in time), ``stall``,
        ``drop`` (in mid-word), ``odd`` (chunks of odd sizes), ``wrong_format``, ``none``."""
        raise NotImplementedError

    def open_sockets(self) -> int:
        """How many connections the server holds."""
        raise NotImplementedError


class Saying:
    """What came of one text, and of which."""

    def __init__(self, tts: Tts) -> None:
        self.tts = tts
        self.events: list[Event] = []

    async def say(self, text: str = TEXT, say_id: str = "say1") -> None:
        await asyncio.wait_for(self.tts.say(say_id, text, self.events.append), PATIENCE_S)

    def audio(self, say_id: str = "say1") -> bytes:
        return b"".join(e.payload for e in self.events if isinstance(e, TtsAudio) and e.say_id == say_id)

    @property
    def failure(self) -> TtsFailed:
        [failed] = [event for event in self.events if isinstance(event, TtsFailed)]
        return failed


def assert_is_speech(audio: bytes, text: str) -> None:
    """µ-law 8 kHz of a plausible length: PCM or another rate would last twice as long or be a roar."""
    assert 20 * len(text) < ms_of(len(audio)) < 160 * len(text)
    assert 40 < level(audio) < 250


class TtsContract:
    """Subclasses define the fixture ``rig``."""

    @pytest.fixture
    async def voice(self, rig: TtsRig) -> AsyncIterator[Saying]:
        saying = Saying(rig.adapter())
        yield saying
        await saying.tts.close()

    async def test_a_text_becomes_telephone_audio(self, rig, voice):
        await voice.say()
        assert voice.events[-1] == TtsDone("say1")
        assert all(isinstance(event, TtsAudio) and event.payload for event in voice.events[:-1])
        assert_is_speech(voice.audio(), TEXT)

    async def test_the_same_text_is_the_same_audio_however_it_is_cut(self, rig, voice):
        await voice.say()
        rig.fail("odd")
        other = Saying(rig.adapter())
        await other.say()
        await other.tts.close()
        assert other.events[-1] == TtsDone("say1")
        assert other.audio() == voice.audio()

    async def test_texts_that_are_asked_for_at_once_do_not_mix(self, rig, voice):
        await asyncio.gather(voice.say(TEXT, "one"), voice.say(OTHER, "two"))
        assert {TtsDone("one"), TtsDone("two")} <= set(voice.events)
        assert_is_speech(voice.audio("one"), TEXT)
        assert_is_speech(voice.audio("two"), OTHER)
        alone = Saying(rig.adapter())
        await alone.say(TEXT, "one")
        await alone.tts.close()
        assert alone.audio("one") == voice.audio("one")

    async def test_a_cut_stops_at_once_and_the_next_text_is_whole(self, rig, voice):
        await voice.say(TEXT, "whole")
        cut = asyncio.create_task(voice.tts.say("cut", OTHER * 3, voice.events.append))
        await eventually(lambda: voice.audio("cut"))
        cut.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(cut, PATIENCE_S)
        count = len(voice.events)
        await asyncio.sleep(0.1)
        assert len(voice.events) == count
        await voice.say(TEXT, "next")
        assert voice.events[-1] == TtsDone("next")
        assert voice.audio("next") == voice.audio("whole")

    async def test_a_cut_that_is_cut_short_does_no_harm(self, rig, voice):
        await voice.say(TEXT, "whole")
        cut = asyncio.create_task(voice.tts.say("cut", OTHER * 3, voice.events.append))
        await eventually(lambda: voice.audio("cut"))
        cut.cancel()
        await asyncio.sleep(0)
        cut.cancel()
        await asyncio.wait({cut}, timeout=PATIENCE_S)
        await voice.say(TEXT, "next")
        assert voice.audio("next") == voice.audio("whole")

    async def test_a_text_that_waits_can_be_cut_too(self, rig, voice):
        first = asyncio.create_task(voice.tts.say("first", OTHER, voice.events.append))
        second = asyncio.create_task(voice.tts.say("second", TEXT, voice.events.append))
        await asyncio.sleep(0.02)
        second.cancel()
        await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), PATIENCE_S)
        assert voice.events[-1] == TtsDone("first")
        assert_is_speech(voice.audio("first"), OTHER)

    async def test_a_connection_lost_in_mid_word_fails_once(self, rig, voice):
        rig.fail("drop")
        await voice.say(OTHER)
        assert voice.audio()
        assert voice.events[-1] == voice.failure
        assert not voice.failure.permanent

    async def test_after_a_failure_the_same_voice_can_speak_again(self, rig, voice):
        rig.fail("drop")
        await voice.say(OTHER, "lost")
        rig.fail("none")
        await voice.say(TEXT, "again")
        assert voice.events[-1] == TtsDone("again")
        assert_is_speech(voice.audio("again"), TEXT)

    async def test_a_wrong_key_is_permanent(self, rig, voice):
        rig.fail("unauthorized")
        await voice.say()
        assert voice.events == [voice.failure]
        assert voice.failure.permanent

    async def test_too_many_requests_may_be_tried_again(self, rig, voice):
        rig.fail("busy")
        await voice.say()
        assert voice.events == [voice.failure]
        assert not voice.failure.permanent

    @pytest.mark.parametrize("fault", ["late", "stall"])
    async def test_it_does_not_wait_for_ever(self, rig, voice, fault):
        rig.fail(fault)
        await voice.say(OTHER)
        assert voice.events[-1] == voice.failure
        assert not voice.failure.permanent

    async def test_another_format_is_refused_not_played(self, rig, voice):
        rig.fail("wrong_format")
        await voice.say()
        assert voice.events == [voice.failure]

    async def test_a_text_without_words_is_done(self, rig, voice):
        await voice.say("  ")
        assert voice.events == [TtsDone("say1")]

    async def test_closing_leaves_no_socket_and_no_task(self, rig, voice):
        before = asyncio.all_tasks()
        await voice.say()
        await voice.tts.close()
        await voice.tts.close()
        await eventually(lambda: not rig.open_sockets())
        await eventually(lambda: not new_tasks(before))

"""Is the caller interrupting, or was it a cough?"""

from __future__ import annotations

import pytest

from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.interrupt import Interrupt, Verdict, is_backchannel

LATER = 2000  # of the reply was heard


def judge(language: str = "en") -> Interrupt:
    return Interrupt(TurnTaking(), language)


def paused(at_ms: int = 1000) -> Interrupt:
    interrupt = judge()
    interrupt.voice_began(at_ms)
    assert interrupt.tick(at_ms + 100, LATER, False) is Verdict.PAUSE
    return interrupt


def test_a_short_voice_changes_nothing_and_a_longer_one_pauses() -> None:
    interrupt = judge()
    interrupt.voice_began(1000)
    assert interrupt.tick(1099, LATER, False) is Verdict.NOTHING
    assert interrupt.tick(1100, LATER, False) is Verdict.PAUSE
    assert interrupt.suspected


def test_voice_that_ended_before_the_pause_is_forgotten() -> None:
    interrupt = judge()
    interrupt.voice_began(1000)
    interrupt.voice_ended(1080)
    assert interrupt.tick(3000, LATER, False) is Verdict.NOTHING


def test_a_long_voice_confirms() -> None:
    interrupt = paused()
    assert interrupt.tick(1699, LATER, False) is Verdict.NOTHING
    assert interrupt.tick(1700, LATER, False) is Verdict.CUT


def test_silence_without_words_denies_twice_and_then_only_words_count() -> None:
    interrupt = judge()
    for start in (1000, 4000):
        interrupt.voice_began(start)
        assert interrupt.tick(start + 200, LATER, False) is Verdict.PAUSE
        interrupt.voice_ended(start + 300)
        assert interrupt.tick(start + 1299, LATER, True) is Verdict.NOTHING
        assert interrupt.tick(start + 1300, LATER, True) is Verdict.RESUME
    interrupt.voice_began(8000)
    assert interrupt.tick(9000, LATER, False) is Verdict.NOTHING
    assert interrupt.words("stop") is Verdict.CUT


def test_voice_that_comes_again_while_suspected_counts_from_its_beginning() -> None:
    interrupt = paused()
    interrupt.voice_ended(1300)
    interrupt.voice_began(1500)
    assert interrupt.tick(1700, LATER, False) is Verdict.CUT


def test_the_first_half_second_is_interrupted_by_words_only() -> None:
    interrupt = judge()
    interrupt.voice_began(0)
    assert interrupt.tick(400, 499, False) is Verdict.NOTHING
    assert interrupt.tick(400, 500, False) is Verdict.PAUSE


def test_a_caller_who_was_speaking_when_the_reply_began_counts_from_there() -> None:
    interrupt = judge()
    interrupt.begin_reply(5000)
    assert interrupt.tick(5099, LATER, False) is Verdict.NOTHING
    assert interrupt.tick(5100, LATER, False) is Verdict.PAUSE


@pytest.mark.parametrize(
    ("text", "final", "voice_ms", "verdict"),
    [
        ("stop", True, 0, Verdict.CUT),
        ("stop", False, 0, Verdict.NOTHING),
        ("stop", False, 299, Verdict.NOTHING),
        ("stop", False, 300, Verdict.CUT),
        ("stop please", False, 0, Verdict.CUT),
        ("mhm", True, 900, Verdict.NOTHING),
        ("okay i see", True, 900, Verdict.NOTHING),
        ("", True, 900, Verdict.NOTHING),
    ],
)
def test_words(text: str, final: bool, voice_ms: int, verdict: Verdict) -> None:
    interrupt = judge()
    interrupt.voice_began(1000)
    words = interrupt.words(text, final=final, media_ms=1000 + voice_ms)
    assert words is verdict
    assert interrupt.words(text, echo=True, final=final, media_ms=1000 + voice_ms) is Verdict.NOTHING


@pytest.mark.parametrize(
    ("text", "language", "nothing"),
    [
        ("Mhm.", "en", True),
        ("uh huh, okay", "en-US", True),
        ("I see, right", "en", True),
        ("yeah but wait", "en", False),
        ("I", "en", False),
        ("see", "en", False),
        ("Ja, genau!", "de-DE", True),
        ("ach so", "de", True),
        ("d'accord", "fr", True),
        ("Sí", "es", True),
        ("yeah", "xx", True),
        ("?!", "en", True),
    ],
)
def test_listening_sounds(text: str, language: str, nothing: bool) -> None:
    assert is_backchannel(text, language) is nothing

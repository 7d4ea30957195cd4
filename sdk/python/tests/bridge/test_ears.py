"""When has the caller finished? Every fallback, by media time."""

from __future__ import annotations

import pytest

from patter.bridge.events import SttHeard, SttUtteranceEnded
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.ears import MOST_CHARACTERS, Ears
from patter.engines.pipeline.signals import (
    FinalizeWanted,
    Signal,
    UtteranceEnded,
    VoiceBegan,
    VoiceEnded,
    WordsHeard,
)
from patter.testing.scene import SILENCE, VOICE


class Line:
    """A caller's line on media time."""

    def __init__(self) -> None:
        self.ears = Ears(TurnTaking())
        self.ms = 0
        self.signals: list[tuple[int, Signal]] = []
        self.frames(200, SILENCE)

    def note(self, signals: list[Signal]) -> None:
        self.signals += [(self.ms, signal) for signal in signals]

    def frames(self, ms: int, payload: bytes) -> None:
        for _ in range(ms // 20):
            signals = self.ears.audio(payload, self.ms)
            self.ms += 20
            self.note(signals)

    def hears(self, text: str, final: bool = True, end: bool = False) -> None:
        self.note(self.ears.heard(SttHeard("stt1", text, final, end), self.ms))

    def all(self, kind: type) -> list[tuple[int, Signal]]:
        return [(ms, signal) for ms, signal in self.signals if isinstance(signal, kind)]

    @property
    def ends(self) -> list[tuple[int, str, str]]:
        return [
            (ms, signal.cause, signal.text)
            for ms, signal in self.signals
            if isinstance(signal, UtteranceEnded)
        ]


def spoken() -> Line:
    line = Line()
    line.frames(600, VOICE)  # until 800
    return line


def test_a_carrier_that_counts_anew_cuts_no_word_in_two() -> None:
    """The call's clock needs three frames to notice it, and a voice has moments without sound."""
    line = Line()
    line.frames(3000, SILENCE)
    line.frames(400, VOICE)
    for media_ms in (0, 20):
        line.note(line.ears.audio(VOICE, media_ms))
    line.ms += 60
    line.frames(100, SILENCE)
    line.frames(400, VOICE)
    assert not [signal for _, signal in line.signals if isinstance(signal, VoiceEnded | FinalizeWanted)]
    line.frames(1000, SILENCE)
    assert len(line.all(VoiceEnded)) == 1


def test_a_carrier_whose_first_frame_is_late_is_heard_at_its_own_times() -> None:
    """Time passed before it: its frames are not of then for ever."""
    line = Line()
    line.note(line.ears.tick(1500))
    line.frames(400, SILENCE)
    line.frames(400, VOICE)
    line.frames(1000, SILENCE)
    [(_, began)], [(_, ended)] = line.all(VoiceBegan), line.all(VoiceEnded)
    assert (began.at_ms, ended.at_ms) == (600, 1000)


@pytest.mark.parametrize(
    ("final", "end", "after", "wanted"),
    [
        (True, True, "", (800, "stt", "a table")),
        (False, True, "", (800, "stt", "a table")),
        (True, False, "utterance_end", (800, "utterance_end", "a table")),
        (False, False, "utterance_end", (800, "utterance_end", "a table")),
        (True, False, "silence", (1500, "silence", "a table")),
        (False, False, "silence", (3800, "ceiling", "a table")),
        (True, False, "key", (800, "key", "a table")),
        (None, False, "silence", (3800, "no_words", "")),
    ],
)
def test_every_way_to_end(final: bool | None, end: bool, after: str, wanted: tuple[int, str, str]) -> None:
    line = spoken()
    if final is not None:
        line.hears("a table", final, end)
    if after == "utterance_end":
        line.note(line.ears.utterance_ended(SttUtteranceEnded("stt1")))
    elif after == "key":
        line.note([ended] if (ended := line.ears.take()) else [])
    else:
        line.frames(5000, SILENCE)
    assert line.ends == [wanted]
    ended = line.all(UtteranceEnded)[0][1]
    assert isinstance(ended, UtteranceEnded)
    assert (ended.started_ms, ended.last_voiced_ms) == (200, 800)


def test_a_final_is_asked_for_once_when_the_recognisers_own_end_is_overdue() -> None:
    line = spoken()
    line.frames(2000, SILENCE)
    assert [ms for ms, _ in line.all(FinalizeWanted)] == [1360], "endpointing_ms and 250 ms"
    line.frames(200, VOICE)
    line.frames(600, SILENCE)
    assert len(line.all(FinalizeWanted)) == 2, "voice came again, so it is owed again"


def test_a_final_is_asked_for_when_an_interim_follows_another_final() -> None:
    line = spoken()
    line.hears("a table")
    line.hears("for", final=False)
    line.frames(600, SILENCE)
    assert len(line.all(FinalizeWanted)) == 1


def test_several_finals_are_one_utterance() -> None:
    line = spoken()
    line.hears("a table")
    line.frames(600, VOICE)
    line.hears("for", final=False)
    line.hears("for two")
    line.frames(1000, SILENCE)
    assert [text for _, _, text in line.ends] == ["a table for two"]


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    line = spoken()
    line.hears("a table")
    line.frames(600, SILENCE)
    line.frames(200, VOICE)
    line.frames(600, SILENCE)
    assert not line.ends


def test_the_same_final_twice_is_heard_once() -> None:
    line = spoken()
    line.hears("yes")
    line.hears("yes", end=True)
    line.hears("yes", end=True)
    assert [text for _, _, text in line.ends] == ["yes"]
    assert len(line.all(WordsHeard)) == 1


def test_the_same_final_in_better_spelling_is_no_other_one() -> None:
    line = spoken()
    line.hears("what are your hours", end=True)
    line.frames(300, SILENCE)
    line.hears("What are your hours?", end=True)
    line.hears("What are your hours today?", end=True)
    assert [text for _, _, text in line.ends] == ["what are your hours", "What are your hours today?"]


def test_a_recogniser_that_says_more_than_anybody_is_heard_to_a_length() -> None:
    line = spoken()
    line.hears("word " * 100_000, end=True)
    [(_, _, text)] = line.ends
    assert len(text) <= MOST_CHARACTERS


def test_the_same_word_said_again_is_heard_again() -> None:
    line = spoken()
    line.hears("five")
    line.frames(400, VOICE)
    line.hears("five", end=True)
    assert [text for _, _, text in line.ends] == ["five five"]


def test_quiet_words_that_the_detector_missed_are_not_cut_short() -> None:
    line = Line()
    for count in range(1, 9):
        line.hears("word " * count, final=False)
        line.frames(600, SILENCE)
    assert not line.ends
    line.hears("word " * 8)
    line.frames(700, SILENCE)
    assert [cause for _, cause, _ in line.ends] == ["silence"]


def test_voice_without_end_and_without_new_words_meets_a_ceiling() -> None:
    line = spoken()
    line.hears("turn that down")
    for _ in range(40):  # a television: loud, with pauses too short to end anything
        line.frames(200, VOICE)
        line.frames(60, SILENCE)
    assert [(cause, text) for _, cause, text in line.ends] == [("ceiling", "turn that down")]
    assert line.ends[0][0] >= 6800


def test_a_gap_in_frames_is_silence() -> None:
    line = spoken()
    line.hears("a table")
    line.ms += 300
    line.note(line.ears.tick(line.ms))
    assert [signal for _, signal in line.all(VoiceEnded)] == [VoiceEnded(800)]
    assert not line.ears.voiced
    line.ms += 400
    line.note(line.ears.tick(line.ms))
    assert line.ends == [(1500, "silence", "a table")]
    line.frames(400, SILENCE)
    assert len(line.all(VoiceEnded)) == 1


def test_voice_that_goes_on_after_a_gap_begins_again() -> None:
    line = spoken()
    line.ms += 400
    line.note(line.ears.tick(line.ms))
    line.frames(200, VOICE)
    assert len(line.all(VoiceBegan)) == 2
    assert line.ears.voiced


def test_noise_without_words_is_forgotten() -> None:
    line = spoken()
    line.frames(4000, SILENCE)
    assert [cause for _, cause, _ in line.ends] == ["no_words"]
    line.frames(4000, SILENCE)
    assert len(line.ends) == 1
    assert line.ears.take() is None


def test_an_empty_final_takes_the_interim_back() -> None:
    line = spoken()
    line.hears("hm", final=False)
    line.hears("", end=True)
    assert line.ears.pending_text == ""
    assert not line.ends
    line.note(line.ears.utterance_ended(SttUtteranceEnded("stt1")))
    assert not line.ends


def test_an_end_that_comes_as_the_caller_goes_on_is_none() -> None:
    line = spoken()
    line.hears("a table")
    line.frames(600, SILENCE)
    line.frames(400, VOICE)
    line.note(line.ears.utterance_ended(SttUtteranceEnded("stt1")))
    assert line.ends == []
    line.hears("for two", end=True)
    assert line.ends == [(1800, "stt", "a table for two")]


def test_an_end_over_a_noise_is_one() -> None:
    line = spoken()
    line.hears("a table")
    line.frames(400, SILENCE)
    line.frames(1400, VOICE)
    line.note(line.ears.utterance_ended(SttUtteranceEnded("stt1")))
    assert line.ends == [(2600, "utterance_end", "a table")]

"""What goes to the carrier, and when: half a second ahead, a mark every 200 ms."""

from __future__ import annotations

from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.playback import FRAME_BYTES, MOST_WAITING_MS, Playback
from patter.testing.sound import audio, begun, marks, played_ms, run


def test_half_a_second_goes_out_at_once_and_the_rest_in_time() -> None:
    book = begun()
    first = book.add(audio(3000), 0.0)
    assert played_ms(first) == 500
    sent = 500
    for at, command in run(book, 10.0):
        if isinstance(command, Play):
            assert len(command.payload) % FRAME_BYTES == 0
            sent += played_ms([command])
            assert sent / 1000 - at <= 0.5001
    assert sent == 3000


def test_a_mark_every_200_ms_and_at_the_end() -> None:
    book = begun()
    commands = [*book.add(audio(500), 0.0), *book.end_chunk(0.0), *book.close(0.0)]
    where, sent = [], 0
    for command in commands:
        if isinstance(command, Play):
            sent += played_ms([command])
        else:
            where.append(sent)
    assert where == [200, 400, 500]


def test_a_chunk_that_ends_within_a_frame_is_marked_with_that_frame() -> None:
    book = begun()
    book.add(audio(110), 0.0)
    book.end_chunk(0.0)
    commands = book.add(audio(30), 0.0)
    assert [type(command) for command in commands] == [Play, Mark, Play]


def test_an_end_that_is_told_after_its_audio_went_out_is_marked_then() -> None:
    book = begun()
    assert not marks(book.add(audio(100), 0.0))
    (mark,) = marks(book.close(0.05))
    book.mark_played(mark, 0.1)
    assert book.take_finished()


def test_an_end_after_every_mark_came_back_is_over_at_once() -> None:
    book = begun()
    (mark,) = marks(book.add(audio(200), 0.0))
    book.mark_played(mark, 0.2)
    assert book.close(0.3) == []
    assert book.take_finished()


def test_names_are_never_used_again() -> None:
    book, names = Playback(), []
    for reply in range(5):
        book.begin()
        names += marks([*book.add(audio(450), reply), *book.close(reply)])
        book.cut(reply + 0.3)
    assert len(names) == len(set(names)) == 15


def test_the_last_frame_is_filled_with_silence() -> None:
    book = begun()
    book.add(b"\x90" * 170, 0.0)
    last = [c for c in book.close(0.0) if isinstance(c, Play)][-1]
    assert last.payload == b"\x90" * 10 + b"\xff" * 150


def test_a_reply_without_audio_is_over_when_it_is_closed() -> None:
    book = begun()
    assert book.close(0.0) == []
    assert book.take_finished()
    assert not book.active
    assert book.next_timer() is None


def test_nothing_is_taken_before_a_reply_begins_or_after_it_was_cut() -> None:
    book = Playback()
    assert book.add(audio(100), 0.0) == book.end_chunk(0.0) == book.close(0.0) == []
    book.begin()
    book.add(audio(100), 0.0)
    assert book.cut(0.05)[1] == [Clear()]
    assert book.add(audio(100), 0.1) == []
    assert not book.take_finished()


def test_a_cut_before_anything_was_sent_clears_nothing() -> None:
    book = begun()
    assert book.cut(1.0) == (0, [])


def test_an_underrun_goes_on_when_audio_comes() -> None:
    book = begun()
    book.add(audio(100), 0.0)
    assert book.heard_ms(5.0) == 100
    assert played_ms(book.add(audio(1000), 5.0)) == 500
    assert book.heard_ms(5.2) == 300


def test_a_voice_that_never_ends_fills_no_memory() -> None:
    book = begun()
    for _ in range(25):
        book.add(audio(60_000), 0.0)
    assert MOST_WAITING_MS <= book.waiting_ms < MOST_WAITING_MS + 60_000

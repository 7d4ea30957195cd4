"""When was it played? Marks tell late, and frames that come after them tell how late at most."""

from __future__ import annotations

from patter.bridge.heard_at import HeardTimes

SECOND = 8000


def begun() -> HeardTimes:
    times = HeardTimes()
    times.begin(0, 10.0)
    return times


def ends(times: HeardTimes, now: float | None) -> list[float]:
    return [round(heard.ended_at, 3) for heard in times.take(now)]


def test_the_earliest_mark_times_the_whole_stretch() -> None:
    times = begun()
    for offset, came_at in ((SECOND // 5, 10.35), (2 * SECOND // 5, 10.42), (3 * SECOND // 5, 10.9)):
        times.mark(offset, came_at)
        times.add(b"a", offset, came_at)
    assert ends(times, None) == [10.22, 10.42, 10.62]


def test_a_mark_that_is_taken_late_was_sent_before_the_frame_that_comes_next() -> None:
    times = begun()
    times.mark(SECOND // 5, 10.25)
    assert times.wait_for_frame
    times.frame(10.22)
    assert not times.wait_for_frame
    times.add(b"a", SECOND // 5, 10.25)
    assert ends(times, None) == [10.22]


def test_a_frame_that_is_very_late_itself_corrects_little() -> None:
    times = begun()
    times.mark(SECOND // 5, 10.25)
    times.frame(10.0)
    times.add(b"a", SECOND // 5, 10.25)
    assert ends(times, None) == [10.215]


def test_a_frame_that_was_sent_later_corrects_nothing() -> None:
    times = begun()
    times.mark(SECOND // 5, 10.21)
    times.frame(10.8)
    times.add(b"a", SECOND // 5, 10.21)
    assert ends(times, None) == [10.21]


def test_the_newest_mark_waits_a_while_for_its_frame_but_not_without_end() -> None:
    times = begun()
    times.mark(SECOND, 11.5)
    times.add(b"a", SECOND, 11.5)
    assert ends(times, 11.6) == []
    assert ends(times, 12.1) == [11.5]


def test_a_mark_of_what_was_played_before_the_stretch_tells_nothing() -> None:
    times = begun()
    times.begin(SECOND, 12.0)
    times.mark(SECOND, 12.5)
    assert not times.wait_for_frame

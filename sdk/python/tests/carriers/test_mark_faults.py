"""Marks that are lost or late, at both carriers alike."""

from __future__ import annotations

import pytest

from patter.simulators.script import HangUp


def names(line):
    return [event["mark"]["name"] for event in line.socket.events("mark")]


def three_marks(line):
    return lambda stream: [
        message for name in ("a", "b", "c") for message in (line.media(stream, 40), line.mark(stream, name))
    ]


def cleared_marks(line):
    return lambda stream: [
        line.media(stream, 5000),
        line.mark(stream, "a"),
        line.clear(stream),
        line.mark(stream, "b"),
    ]


@pytest.mark.parametrize(
    ("faults", "echoed"),
    [
        ({}, ["a", "b", "c"]),
        ({"marks_never_echoed": True}, []),
        ({"lost_mark_every": 2}, ["a", "c"]),
        ({"late_marks_ms": 100}, ["a", "b", "c"]),
    ],
)
async def test_marks_of_sound_that_was_played(line, faults, echoed):
    line.says = three_marks(line)
    await line.ring(HangUp(at_ms=600), **faults)
    assert names(line) == echoed
    if "late_marks_ms" in faults:
        at = [at for at, text in zip(line.socket.at_ms, line.socket.texts, strict=True) if "mark" in text]
        assert at[0] - line.socket.at_ms[1] >= 100


@pytest.mark.parametrize(("lost", "echoed"), [(False, ["a", "b"]), (True, ["b"])])
async def test_marks_of_sound_that_was_cleared(line, lost, echoed):
    line.says = cleared_marks(line)
    await line.ring(HangUp(at_ms=400), marks_lost_on_clear=lost)
    assert names(line) == echoed

"""What is measured, as it is asked for."""

import pytest

from benchmarks.__main__ import arguments


def test_without_a_word_every_row_and_how_many_calls_a_core_carries() -> None:
    options = arguments([])
    assert options.rows == ["pipeline", "handler", "realtime"]
    assert options.calls == [1, 10, 25, 50, 100]
    assert options.steps and not options.floor


@pytest.mark.parametrize("given", [["--calls", "50,25"], ["--rows", "none"], ["--no-steps"]])
def test_whoever_asks_for_less_gets_no_more(given: list[str]) -> None:
    assert not arguments(given).steps
    assert arguments([*given, "--rows", "realtime", "--steps"]).steps


def test_calls_come_in_order() -> None:
    assert arguments(["--calls", "50,1,25,1"]).calls == [1, 25, 50]

from pathlib import Path

import pytest

from devtools import suites


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(suites, "ROOT", tmp_path)
    monkeypatch.setattr(suites, "ensure_environment", lambda: None)
    return tmp_path


def suite(status: int) -> dict[str, suites.Suite]:
    return {"calls": suites.Suite("calls", "calls", ("calls",), lambda suite, extra: status)}


def test_a_suite_that_fails_fails_the_whole(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "SUITES", suite(1))
    (checkout / "calls").mkdir()

    assert suites.main([]) == 1


def test_the_summary_names_suite_and_result(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suites, "SUITES", suite(0))
    (checkout / "calls").mkdir()

    assert suites.main([]) == 0
    printed = capfd.readouterr().out
    assert "=== calls: calls ===" in printed
    assert printed.split("=== summary ===")[1].split()[:2] == ["calls", "passed"]


def test_a_suite_that_is_not_there_yet_is_said_and_not_passed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suites, "SUITES", suite(0))

    assert suites.main([]) == 0
    summary = capfd.readouterr().out.split("=== summary ===")[1]
    assert "not there yet" in summary
    assert "passed" not in summary


def test_a_suite_asked_for_by_name_must_be_there(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "SUITES", suite(0))

    assert suites.main(["calls"]) == 1


def test_an_unknown_suite_is_an_error_that_lists_them(capfd: pytest.CaptureFixture[str]) -> None:
    assert suites.main(["everything"]) == 2
    printed = capfd.readouterr().err
    assert all(name in printed for name in suites.SUITES)

import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from devtools import words

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def launcher() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("dev_launcher", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ROOT / "dev", *arguments], capture_output=True, text=True, cwd="/")


def test_an_old_python_is_refused_in_one_sentence(launcher: ModuleType) -> None:
    text = launcher.refusal((3, 10, 14))

    assert "3.11 or newer" in text
    assert "this is 3.10" in text
    assert "\n" not in text


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 2), (4, 0, 0)])
def test_a_newer_python_is_welcome(launcher: ModuleType, version: tuple[int, int, int]) -> None:
    assert launcher.refusal(version) == ""


def test_help_lists_every_word(launcher: ModuleType) -> None:
    shown = dev("help")

    assert shown.returncode == 0
    lines = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")]
    assert lines == list(launcher.WORDS)


def test_no_word_at_all_asks_for_help() -> None:
    assert dev().stdout == dev("help").stdout


def test_an_unknown_word_is_an_error_that_lists_the_words(launcher: ModuleType) -> None:
    shown = dev("deploy")

    assert shown.returncode == 2
    assert "no word `deploy`" in shown.stderr
    assert all(word in shown.stderr for word in launcher.WORDS)


def test_every_word_is_met_by_a_function(launcher: ModuleType) -> None:
    assert all(callable(getattr(words, word)) for word in launcher.WORDS if word != "help")


def test_the_makefile_has_the_same_words(launcher: ModuleType) -> None:
    rule = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.endswith(" help:"))

    assert rule.removesuffix(":").split() == list(launcher.WORDS)

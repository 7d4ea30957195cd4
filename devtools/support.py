"""Which cells of the support table a test run has proven, loaded by `-p` in pyproject.toml.

A test that carries a whole call says so with `@pytest.mark.supports("keys", mode="realtime")`. Where
`PATTER_TEST_SUPPORT_FILE` names a file, a run writes what passed into it (with `--collect-only`: the marks).
"""

import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

NAME = "supports"
Cell = tuple[str, str, str, str]
"""Feature, mode, who replies, carrier."""


def marked_files(root: Path) -> list[str]:
    """The test files in which a mark stands, or beside which a helper sets it. Collecting all is slow."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    folders = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    files = (path for folder in folders for path in sorted((root / folder).rglob("test_*.py")))
    return [str(path.relative_to(root)) for path in files if _marks(path)]


def _marks(file: Path) -> bool:
    helpers = (path for path in file.parent.glob("*.py") if not path.name.startswith("test_"))
    return any(f"mark.{NAME}" in path.read_text() for path in (file, *helpers))


def cell_of(item: pytest.Item) -> list[Cell]:
    """The cells that this test proves. Who replies may be a parameter of the test."""
    cells = []
    for mark in item.iter_markers(NAME):
        callspec = getattr(item, "callspec", None)
        told = {**(callspec.params if callspec else {}), **mark.kwargs}
        carrier = told.get("carrier", "twilio")
        cells += [(feature, told["mode"], told["reply_by"], carrier) for feature in mark.args]
    return cells


def _cells_in(properties: Sequence[tuple[str, Any]]) -> list[Cell]:
    # Between processes a tuple travels as a list.
    return [(cell[0], cell[1], cell[2], cell[3]) for name, cell in properties if name == NAME]


class Support:
    """Collects on whichever process reports: with xdist the one that the user started."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._proven: set[Cell] = set()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            item.user_properties += [(NAME, cell) for cell in cell_of(item)]
            if config.option.collectonly:
                self._proven.update(cell_of(item))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self._proven.update(_cells_in(report.user_properties))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            self._path.write_text(json.dumps(sorted(self._proven), indent=1) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    if path := os.environ.get("PATTER_TEST_SUPPORT_FILE"):
        config.pluginmanager.register(Support(Path(path)), "patter-support")

"""Every promise of the public README that concerns Python names the test that shows it.

``promise.md`` is that README without its TypeScript; ``shown_by.json`` maps each promise to tests, or to
``{"open": reason}`` where it is not kept yet, or to ``{"settled": reason}`` where the README contradicts
itself or says something that no test can show. A promise is a sentence, a list item, a table's row or a
code sample.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
TEXT = (HERE / "promise.md").read_text(encoding="utf-8")
SHOWN_BY = json.loads((HERE / "shown_by.json").read_text(encoding="utf-8"))
SAMPLE = re.compile(r"^```python (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[a-z)`\]][.:])\s+(?=[A-Z`])")


def promises() -> list[str]:
    """Every promise, in order: samples as ``sample: name``, rows of tables as their cells."""
    found = [f"sample: {name}" for name, _ in SAMPLE.findall(TEXT)]
    for block in re.split(r"\n\s*\n", SAMPLE.sub("", TEXT)):
        found += _promises_in(block.strip())
    return found


def _promises_in(block: str) -> list[str]:
    if not block or block.startswith("#"):
        return []
    if block.startswith("|"):
        return [_cells(row) for row in block.splitlines()[2:]]
    if block.startswith("- "):
        return [line.removeprefix("- ") for line in block.splitlines()]
    return SENTENCE_END.split(block)


def _cells(row: str) -> str:
    return " | ".join(cell.strip() for cell in row.strip("|").split("|"))


def test_every_promise_is_listed_once_and_nothing_else_is():
    found = promises()
    assert len(found) == len(set(found))
    missing, stale = set(found) - set(SHOWN_BY), set(SHOWN_BY) - set(found)
    assert not missing, f"not listed in shown_by.json: {sorted(missing)}"
    assert not stale, f"no promise any more: {sorted(stale)}"


@pytest.mark.parametrize("promise", SHOWN_BY)
def test_the_test_that_shows_it_exists(promise):
    shown = SHOWN_BY[promise]
    if isinstance(shown, dict):
        assert len(shown) == 1 and next(iter(shown)) in ("open", "settled") and all(shown.values())
        return
    assert shown, "name at least one test"
    for node in shown:
        file, _, name = node.partition("::")
        path = ROOT / file
        assert path.is_file(), f"{file} is missing"
        assert re.search(rf"^\s*(async )?def {re.escape(name)}\(", path.read_text(), re.MULTILINE), node


def test_an_unlisted_promise_would_fail():
    assert "Answers in your sleep." not in SHOWN_BY
    assert _promises_in("- Answers in your sleep.") == ["Answers in your sleep."]
    assert _promises_in("| A | B |\n|---|---|\n| a | b |") == ["a | b"]
    assert _promises_in("One `x`. Two.") == ["One `x`.", "Two."]

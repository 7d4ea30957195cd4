"""Every row of ``rows.toml`` that is owed has tests, and every test that it names is there."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
ROWS: dict[str, dict[str, list[str]]] = tomllib.loads((HERE / "rows.toml").read_text())
OWED = {
    "demands": {1, 2, 3, 8, 9, 10, 11, 17, 21, 22, 25},
    "carriers": {*range(21, 32), *range(34, 40), 45, 48},
}
NAMED = [(table, row, test) for table, rows in ROWS.items() for row, tests in rows.items() for test in tests]


@cache
def functions_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("table", OWED)
def test_no_row_is_without_a_test(table: str) -> None:
    played = {int(row) for row, tests in ROWS[table].items() if tests}
    assert not OWED[table] - played, "rows without a test"


@pytest.mark.parametrize(("table", "row", "test"), NAMED)
def test_the_tests_of_a_row_are_there(table: str, row: str, test: str) -> None:
    file, _, function = test.partition("::")
    assert (ROOT / file).is_file(), f"{table} {row}: no such file"
    assert function in functions_in(ROOT / file), f"{table} {row}: no such test"

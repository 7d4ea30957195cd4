import json
from pathlib import Path

import pytest

from patter.variables import merged, names_in, substitute

CASES = json.loads((Path(__file__).parents[2] / "contract" / "substitution.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_contract(case):
    result = substitute(case["template"], case["values"])
    assert (result.text, list(result.unknown)) == (case["text"], case["unknown"])


def test_a_later_layer_wins():
    assert merged({"a": 1, "b": 1}, {"b": 2}, {"c": 3}) == {"a": 1, "b": 2, "c": 3}


def test_names_are_listed_once():
    assert names_in("{a} {b} {a} {}") == ("a", "b")

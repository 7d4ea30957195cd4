"""Patterns in a tool's schema: matched where that is cheap, never where it might not be."""

from __future__ import annotations

import time

import pytest

from patter.tools.patterns import MOST_TEXT, breaks, is_cheap
from patter.tools.schema import check_schema, wrong_arguments


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        (r"^\d{4}-\d{2}-\d{2}$", "2025-06-15", "tomorrow"),
        (r"^\+[1-9]\d{6,14}$", "+14155550100", "4155550100"),
        (r"^[A-Z]{2}-[0-9]+$", "AB-7", "ab-7"),
        (r"^[^@]+@[^@]+\.[^@]+$", "ada@example.com", "ada"),
        (r"^(small|medium|large)$", "medium", "huge"),
        (r"^(?:\+1)?[0-9]{10}$", "4155550100", "415"),
        (r"\.pdf$", "bill.pdf", "bill.txt"),
        (r"^[\]a-]+$", "a-]", "b"),
    ],
)
def test_what_arguments_have(pattern, fits, does_not):
    assert is_cheap(pattern)
    assert not breaks(pattern, fits) and breaks(pattern, does_not)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a|a)*b", "^(([a-z])+.)+$", r"(\w+\s?)*$", "a*a*a*b", "^a*a*a*a*b$", r"(a)\1", "(?=a)a",
        "(?:a{1,90}){2}", "[", "(", "x" * 300, "^((a|b)c)$", "^" + "a?" * 30 + "a" * 30 + "$",
        "^" + "a{0,9}" * 9 + "b", "^" + "(a|a)" * 30 + "b",
    ],
)  # fmt: skip
def test_what_may_take_for_ever_is_not_matched(pattern):
    assert not is_cheap(pattern)
    assert not breaks(pattern, "a" * 40 + "!")


def test_a_long_text_is_not_looked_at():
    assert not breaks("^b", "a" * (MOST_TEXT + 1))


@pytest.mark.parametrize(
    "pattern",
    [
        "^a*a*a*b$",
        "a*a*b",
        "^" + "a?" * 19 + "b",
        "^a{0,9}a{0,9}a{0,9}a{0,9}a{0,9}a{0,9}b",
        r"\w+\W*!",
        "^[^@]+@[^@]+\\.[^@]+$",
    ],
)
def test_the_worst_text_for_a_cheap_pattern_is_done_soon(pattern):
    assert is_cheap(pattern)
    began = time.process_time()
    for worst in ("a" * MOST_TEXT, "@." * (MOST_TEXT // 2)):
        breaks(pattern, worst)
    assert time.process_time() - began < 0.1


def test_the_model_is_told_what_does_not_fit():
    schema = {"type": "object", "properties": {"date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}}}
    check_schema(schema)
    assert wrong_arguments(schema, {"date": "2025-06-15"}) is None
    told = wrong_arguments(schema, {"date": "tomorrow"})
    assert told is not None and "date: 'tomorrow' does not match" in told
    hopeless = {"type": "object", "properties": {"date": {"type": "string", "pattern": "(a+)+$"}}}
    assert wrong_arguments(hopeless, {"date": "b"}) is None

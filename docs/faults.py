"""The faults of the simulated carriers as tables: what each does, and the tests that show it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

from patter.simulators.carrier.faults import CarrierFaults
from patter.simulators.telnyx import Faults as TelnyxFaults
from patter.simulators.twilio import Faults as TwilioFaults

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("sdk/python/tests/carriers", "sdk/python/tests", "tests/system")
"""Where a fault is looked for, the nearest first; one room is enough."""


def fault_rows(faults: type[CarrierFaults]) -> list[list[str]]:
    """Name with its type, meaning, and tests of each fault that this class brings. Raises ValueError."""
    base = faults.__mro__[1]
    known = {field.name for field in fields(base)} if issubclass(base, CarrierFaults) else set()
    meanings = dict(_meanings(faults))
    rows = []
    for field in fields(faults):
        if field.name in known:
            continue
        if field.name not in meanings:
            raise ValueError(f"the fault {field.name} is not documented")
        kind = type(field.default).__name__
        shown = f"`{field.name}`" if kind == "bool" else f"`{field.name}={kind}`"
        rows.append([shown, meanings[field.name].replace("``", "`"), ", ".join(_tests_of(field.name))])
    return rows


def tables() -> dict[str, list[list[str]]]:
    return {
        "both": fault_rows(CarrierFaults),
        "twilio": fault_rows(TwilioFaults),
        "telnyx": fault_rows(TelnyxFaults),
    }


def _meanings(faults: type[CarrierFaults]) -> Iterator[tuple[str, str]]:
    """Each name under ``Args:`` with its text on one line."""
    _, _, arguments = inspect.cleandoc(faults.__doc__ or "").partition("Args:\n")
    entry = re.compile(r"^    ([a-z0-9_]+(?:, [a-z0-9_]+)*): (.*(?:\n {8}.*)*)", re.MULTILINE)
    for names, text in entry.findall(arguments):
        for name in names.split(", "):
            yield name, " ".join(text.split())


def _tests_of(name: str) -> list[str]:
    named = re.compile(rf'\b{name}=|"{name}"')
    for room in TESTS:
        found = [path for path, text in _test_texts(room).items() if named.search(text)]
        if found:
            return [f"`{path}`" for path in found]
    raise ValueError(f"no test shows the fault {name}")


@cache
def _test_texts(room: str) -> dict[str, str]:
    pattern = "test_*.py" if room != "sdk/python/tests" else "**/test_*.py"
    return {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / room).glob(pattern))}

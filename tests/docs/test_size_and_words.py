"""What the documentation keeps to, as far as a program can tell."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

LONGEST = {"README.md": 150, "CONTRIBUTING.md": 80}
# In pieces, so that this file does not hold them itself.
UNFINISHED = re.compile(
    "|".join(["TO" + "DO", "FIX" + "ME", "coming" + " soon", "lorem" + " ipsum", "TB" + "D"])
)
MARKETING = re.compile(
    r"\b(seamless|blazing|effortless|cutting-edge|world-class|revolutionary)", re.IGNORECASE
)


@pytest.mark.parametrize(("name", "most"), LONGEST.items())
def test_it_is_short_enough_to_be_read(name: str, most: int) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= most


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_promises_or_praises(page: Path) -> None:
    text = page.read_text()

    assert not UNFINISHED.search(text)
    assert not MARKETING.search(text)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_page_begins_with_one_title(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)

    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == 1


def test_every_decision_has_its_four_parts_and_stands_in_the_list() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text()
    decisions = sorted((ROOT / "docs" / "adr").glob("0*.md"))

    for decision in decisions:
        parts = re.findall(r"^## (.+)$", decision.read_text(), flags=re.MULTILINE)
        assert {"Context", "Decision", "Cost", "When to revisit"} <= set(parts), decision.name
        assert f"({decision.name})" in listed
    numbers = [int(decision.name[:4]) for decision in decisions]
    assert numbers == list(range(1, len(numbers) + 1))

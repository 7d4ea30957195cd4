"""docs/reference/environment.md names what is read, and nothing else."""

import re

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "environment.md").read_text()
SETTINGS = (ROOT / "patter_site" / "settings.py").read_text()
FOLDERS = (
    "patter_site",
    "calls",
    "agents",
    "numbers",
    "tools",
    "billing",
    "devtools",
    "tests",
    "sdk/python/patter",
)
READS = re.compile(r"env\.\w+\(\s*\"(\w+)\"")
VARIABLE = re.compile(r"`(PORT|PATTER_[A-Z_]+)`")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> set[str]:
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in VARIABLE.findall(cell)}


def code(*folders: str) -> str:
    own = [
        path
        for folder in folders or FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "docs" not in path.parts
    ]
    return "\n".join(path.read_text() for path in [*own, ROOT / "dev"])


def test_the_page_names_what_the_settings_read_and_the_reverse() -> None:
    read = set(READS.findall(SETTINGS))

    assert len(read) > 20
    assert first_cells(section("Read by the platform")) == read


def test_what_else_is_named_is_read_somewhere() -> None:
    elsewhere = first_cells(section("Read elsewhere"))

    assert elsewhere
    assert {name for name in elsewhere if f'"{name}"' not in code()} == set()


def test_what_is_said_to_be_read_by_nothing_is_read_by_nothing() -> None:
    unread = set(VARIABLE.findall(section("Named, and not read yet")))
    product = code(*[folder for folder in FOLDERS if folder != "tests"])

    assert unread
    assert {name for name in unread if f'"{name}"' in product} == set()


def test_the_example_names_what_the_settings_read_and_nothing_unknown() -> None:
    example = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

    assert set(READS.findall(SETTINGS)) <= example <= set(VARIABLE.findall(PAGE))

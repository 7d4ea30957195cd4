"""Links lead somewhere, and what is named exists."""

import json
import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks, links_of, name_of

COMMANDS = ROOT / "patter_site" / "operations" / "management" / "commands"
DJANGOS = {"migrate", "createsuperuser", "makemigrations", "shell", "check"}
REPOSITORY_PATH = re.compile(
    r"`((?:sdk|docs|calls|agents|numbers|tools|billing|patter_site|tests|devtools)/[\w/.-]+)`"
)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_resolves(page: Path) -> None:
    for link in links_of(page):
        target, _, anchor = link.partition("#")
        goal = (page.parent / target).resolve() if target else page
        assert goal.exists(), link
        if anchor:
            assert anchor in anchors_of(goal), link


def anchors_of(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links_of(page)]

    assert {name_of(page) for page in PAGES} <= {name_of(page) for page in seen}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_word_of_dev_exists(page: Path) -> None:
    words = set(re.findall(r"\./dev ([a-z]+)", page.read_text()))

    assert words <= set(re.findall(r'^    "(\w+)": ', (ROOT / "dev").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_management_command_exists(page: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))

    assert named <= {path.stem for path in COMMANDS.glob("*.py")} | DJANGOS


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_of_the_repository_exists(page: Path) -> None:
    for path in REPOSITORY_PATH.findall(page.read_text()):
        assert (ROOT / path).exists(), path


def test_python_compiles() -> None:
    for page, code in blocks("python"):
        compile(code, name_of(page), "exec")


def test_json_is_json() -> None:
    for _, code in blocks("json"):
        json.loads(code)

"""Every page of the documentation, and what stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = [ROOT / name for name in TOP] + sorted((ROOT / "docs").rglob("*.md"))

LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def links_of(page: Path) -> list[str]:
    """What a page links to in this repository."""
    return [link for link in LINK.findall(without_blocks(page.read_text())) if "://" not in link]


def without_blocks(text: str) -> str:
    return BLOCK.sub("", text)


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for found, code in BLOCK.findall(page.read_text()):
            if found == language:
                yield page, code

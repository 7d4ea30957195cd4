"""What the tree must keep, so that the tools see all of it."""

import tomllib
from pathlib import Path

from devtools import suites

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = (ROOT, ROOT / "numbers", ROOT / "sdk" / "python")
NOT_THE_PRODUCT = {"tests", "devtools", "benchmarks", "examples"}


def packages() -> set[str]:
    found = {init.parent.name for root in SOURCE_ROOTS for init in root.glob("*/__init__.py")}
    return found - NOT_THE_PRODUCT


def test_every_package_stands_under_the_import_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert packages() <= set(settings["importlinter"]["root_packages"])


def test_every_package_of_the_platform_is_in_the_suites() -> None:
    top = {init.parent.name for init in ROOT.glob("*/__init__.py")} - NOT_THE_PRODUCT

    assert top <= set(suites.PLATFORM)


def test_numbers_is_a_source_root_and_no_package() -> None:
    # A package of that name hides the standard library's, which `decimal` imports.
    assert not (ROOT / "numbers" / "__init__.py").exists()

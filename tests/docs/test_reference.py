"""Pages that repeat code are made from it, or compared with it."""

import re
import subprocess
import sys

import pytest

from tests.docs.pages import ROOT

APPS = ("patter_site", "calls", "agents", "numbers/phone_numbers", "tools", "billing")
CODE = re.compile(r"\bcode(?:: str)? ?= ?\"([a-z_]+)\"")
NOT_OF_THE_API = {"throttled", "wrong"}  # codes of a form's sentences


@pytest.mark.timeout(180)  # it loads the whole platform
def test_the_generated_parts_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, "docs/build.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=170
    )

    assert checked.returncode == 0, checked.stderr


def test_every_error_code_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "tests" not in path.parts]
    codes = {code for path in sources for code in CODE.findall(path.read_text())} - NOT_OF_THE_API

    assert len(codes) > 25
    assert {code for code in codes if f"`{code}`" not in page} == set()


def test_every_refusal_of_an_agent_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    plan = "".join((ROOT / "agents" / name).read_text() for name in ("plan.py", "specs.py"))
    codes = set(re.findall(r"AgentNotReady\(\s*\"([a-z_]+)\"", plan)) | set(
        re.findall(r"\"(agent_has_\w+)\"", plan)
    )

    assert codes
    assert {code for code in codes if f"`{code}`" not in page} == set()

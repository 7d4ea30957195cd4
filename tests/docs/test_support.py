"""The support table says what a test run has proven: no more, and no less."""

import json
import os
import subprocess
import sys

import pytest

from devtools.support import marked_files
from tests.docs.pages import ROOT

TOLD = ROOT / "docs" / "reference" / "support.json"


@pytest.mark.timeout(180)  # it collects whole suites
def test_every_cell_has_its_test_and_every_test_its_cell(tmp_path) -> None:
    found = tmp_path / "marked.json"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--collect-only",
        "-m",
        "supports",
        "-p",
        "no:cacheprovider",
        *marked_files(ROOT),
    ]
    environment = {**os.environ, "PATTER_TEST_SUPPORT_FILE": str(found)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=170)

    assert run.returncode == 0, run.stdout[-2000:]
    assert json.loads(found.read_text()) == json.loads(TOLD.read_text()), (
        "run `.venv/bin/python docs/support.py`, which runs the marked tests and writes the table anew"
    )

"""Runs every test that proves a cell of the support table, and writes it: `.venv/bin/python docs/support.py`.

Takes some minutes: each of them is a whole call. A test that fails leaves the page as it was.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from devtools.support import marked_files  # noqa: E402

TOLD = DOCS / "reference" / "support.json"


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-m", "supports", *marked_files(DOCS.parent)]
    with tempfile.TemporaryDirectory() as folder:
        proven = Path(folder) / TOLD.name
        environment = {**os.environ, "PATTER_TEST_SUPPORT_FILE": str(proven)}
        if code := subprocess.run(command, cwd=DOCS.parent, env=environment, check=False).returncode:
            return code
        TOLD.write_text(proven.read_text())
    return subprocess.run([sys.executable, "docs/build.py"], cwd=DOCS.parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

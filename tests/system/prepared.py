"""A database with its tables and two customers' workspaces: made once in a process, copied for each platform.

A copy takes a moment; what it holds takes two processes and some seconds to make. As a program it makes one:
``python -m tests.system.prepared``, with the database in the environment, prints the workspaces as JSON.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

PASSWORD = "a long pass phrase of a test"
NAMES = ("luna", "sol")
FILE = "patter.sqlite3"
_one_at_a_time = threading.Lock()
_made: list[Prepared] = []


@dataclass(frozen=True, slots=True)
class Prepared:
    """``workspaces`` by name: what ``create_workspace --json`` printed."""

    file: Path
    workspaces: Mapping[str, Mapping[str, str]]

    def copy_to(self, folder: Path) -> None:
        shutil.copyfile(self.file, folder / FILE)


def workspace_options(name: str) -> list[str]:
    """Of ``manage.py create_workspace``."""
    return ["--name", name, "--email", f"{name}@example.com", "--password", PASSWORD, "--json"]


def prepared(root: Path, environment: Mapping[str, str]) -> Prepared:
    """The same one every time. ``environment`` is any platform's: the tables are the same in all of them."""
    with _one_at_a_time:
        if not _made:
            _made.append(_make(root, environment))
        return _made[0]


def _make(root: Path, environment: Mapping[str, str]) -> Prepared:
    folder = tempfile.TemporaryDirectory(prefix="patter-prepared-")
    atexit.register(folder.cleanup)
    file = Path(folder.name) / FILE
    made = subprocess.run(
        [sys.executable, "-m", "tests.system.prepared"],
        cwd=root,
        env={**environment, "PATTER_DATABASE_URL": f"sqlite:///{file}"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert not file.with_name(f"{FILE}-wal").exists(), "the file is not the whole database"
    return Prepared(file, json.loads(made.stdout.splitlines()[-1]))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "patter_site.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    workspaces: dict[str, Any] = {}
    for name in NAMES:
        said = io.StringIO()
        call_command("create_workspace", *workspace_options(name), stdout=said)
        workspaces[name] = json.loads(said.getvalue())
    sys.stdout.write(f"{json.dumps(workspaces)}\n")


if __name__ == "__main__":
    main()

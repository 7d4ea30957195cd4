"""The Django project. Importing it makes ``numbers/`` a source root (docs/adr/0001-numbers-folder.md)."""

import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# A package called `numbers` would hide the standard library's, which `decimal` imports.
for _root in (BASE_DIR / "numbers", BASE_DIR):
    if str(_root) not in sys.path:
        sys.path.append(str(_root))

# Here, so that a task can be sent from wherever Django is set up.
from patter_site.celery import app as celery_app  # noqa: E402

__all__ = ["BASE_DIR", "celery_app"]

"""Storage that a test leaves nothing in."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path: Path) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }

"""Which of a module's scenarios a run is about: whoever tries one again does not wait for all of them."""

from __future__ import annotations

import pytest


def chosen(request: pytest.FixtureRequest) -> list[str]:
    """Their names, for a fixture of the whole module whose tests have the parameter ``name``."""
    items = (item for item in request.session.items if item.path == request.path)
    return [str(item.callspec.params["name"]) for item in items if isinstance(item, pytest.Function)]

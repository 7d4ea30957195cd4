"""The published getpatter 0.4.4, unmodified, in a folder of its own: it shares its import name with ours."""

from pathlib import Path

from .environment import TOOLS, SetupFailed, pip_install_to, say

REQUIREMENT = "getpatter==0.4.4"
HELP = "getpatter 0.4.4 could not be fetched from PyPI. A test needs it once: it proves that it works."


def folder() -> Path:
    """Where it is installed, for PYTHONPATH. Fetches it the first time. Raises SetupFailed."""
    place = TOOLS / "getpatter-0.4.4"
    if not (place / "patter" / "client.py").exists():
        say("fetching getpatter 0.4.4 from PyPI (once)")
        if not pip_install_to(place, REQUIREMENT):
            raise SetupFailed(HELP)
    return place

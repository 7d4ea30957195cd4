"""For tests of agents: ``FakePhone`` dials the user's own handler, by text, on a clock that the test owns.

The other modules of this package test Patter itself and may change between releases.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patter.testing.phone import FakePhone

__all__ = ["FakePhone"]


def __getattr__(name: str) -> object:
    # Loaded when asked for: the other modules are used where the SDK's outer rooms are not wanted.
    if name == "FakePhone":
        from patter.testing.phone import FakePhone

        return FakePhone
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""One response at a time: a session makes no second one while one is being made."""

from __future__ import annotations

DONE_WITHIN_S = 3.0
"""A response that was cancelled says so. Where it does not, it is not waited for any longer."""


class Slot:
    """Which response is being made, and which of them nobody wants any more."""

    def __init__(self) -> None:
        self.asked = ""
        """The tag of a response that was asked for and has not begun."""
        self._active: set[str] = set()
        self._doomed: set[str] = set()
        self.until: float | None = None

    @property
    def busy(self) -> bool:
        return bool(self.asked or self._active)

    def ask(self, tag: str) -> None:
        self.asked = tag

    def created(self, response_id: str, tag: str) -> bool:
        """A response began. False: nobody wants it any more, and it is to be cancelled."""
        if self.until is not None:  # whoever begins another has ended the one that was given up
            self._active.clear()
            self.until = None
        self._active.add(response_id)
        if tag and tag == self.asked:
            self.asked = ""
        wanted = tag not in self._doomed
        self._doomed.discard(tag)
        return wanted

    def done(self, response_id: str) -> None:
        self._active.discard(response_id)
        if not self._active:
            self.until = None

    def refused(self, tag: str) -> bool:
        """What was asked for is not made. True when it was the one that is waited for."""
        self._doomed.discard(tag)
        if not tag or tag != self.asked:
            return False
        self.asked = ""
        return True

    def give_up(self, now: float) -> list[str]:
        """Nobody wants what is being made. Gives the responses to cancel."""
        if self.asked:
            self._doomed.add(self.asked)
            self.asked = ""
        if self._active:
            self.until = now + DONE_WITHIN_S
        return sorted(self._active)

    def reset(self) -> None:
        """The session is over, and everything in it."""
        self.asked, self.until = "", None
        self._active.clear()
        self._doomed.clear()

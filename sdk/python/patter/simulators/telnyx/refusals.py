"""Answers of the simulated REST interface that are no success."""

from __future__ import annotations


class RefusalError(Exception):
    """``code`` is Telnyx's number for it; ``pointer`` the field that it is about."""

    def __init__(self, status: int, code: str, title: str, detail: str = "", pointer: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail or title
        self.pointer = pointer

    def as_json(self) -> dict[str, object]:
        error: dict[str, object] = {"code": self.code, "title": self.title, "detail": self.detail}
        if self.pointer:
            error["source"] = {"pointer": self.pointer}
        return {"errors": [error]}


def over() -> RefusalError:
    return RefusalError(422, "90018", "Call has already ended", "This call is no longer active")


def not_answered() -> RefusalError:
    return RefusalError(422, "90034", "Call not answered yet", "This command needs an answered call")

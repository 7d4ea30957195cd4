from pathlib import Path

import pytest

from devtools import environment


class Checkout:
    """A checkout in which installing is only written down."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.installed: list[str] = []
        self.uv_works = True
        places = {
            "ROOT": root,
            "TOOLS": root / ".tools",
            "VENV": root / ".venv",
            "PYTHON": root / ".venv" / "bin" / "python",
            "LOCK": root / "requirements.lock",
            "SDK": root / "sdk" / "python",
            "STAMP": root / ".venv" / "patter-stamp.json",
        }
        for name, place in places.items():
            monkeypatch.setattr(environment, name, place)
        monkeypatch.setattr(environment, "_install_with_uv", self._with_uv)
        monkeypatch.setattr(environment, "_install_with_pip", self._with_pip)
        environment.LOCK.write_text("django==5.2.19\n")

    def _with_uv(self, *, fresh: bool) -> bool:
        self._make("fresh" if fresh else "sync")
        return self.uv_works

    def _with_pip(self) -> None:
        self._make("pip")

    def _make(self, how: str) -> None:
        assert not environment.STAMP.exists()
        self.installed.append(how)
        environment.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        environment.PYTHON.touch()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_a_second_start_does_nothing(checkout: Checkout) -> None:
    environment.ensure_environment()
    environment.ensure_environment()

    assert checkout.installed == ["fresh"]


def test_a_changed_lock_is_synchronised_in_place(checkout: Checkout) -> None:
    environment.ensure_environment()
    environment.LOCK.write_text("django==5.2.20\n")
    environment.ensure_environment()

    assert checkout.installed == ["fresh", "sync"]


def test_an_sdk_that_appears_is_installed(checkout: Checkout) -> None:
    environment.ensure_environment()
    environment.SDK.mkdir(parents=True)
    (environment.SDK / "pyproject.toml").write_text("[project]\n")
    environment.ensure_environment()

    assert checkout.installed == ["fresh", "sync"]


def test_a_set_up_that_was_cut_short_starts_afresh(checkout: Checkout) -> None:
    environment.ensure_environment()
    environment.STAMP.unlink()
    environment.ensure_environment()

    assert checkout.installed == ["fresh", "fresh"]


def test_a_lost_interpreter_is_noticed(checkout: Checkout) -> None:
    environment.ensure_environment()
    environment.PYTHON.unlink()
    environment.ensure_environment()

    assert checkout.installed == ["fresh", "fresh"]


def test_a_moved_checkout_makes_its_environment_anew(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.ensure_environment()
    monkeypatch.setattr(environment, "ROOT", tmp_path / "elsewhere")
    environment.ensure_environment()

    assert checkout.installed == ["fresh", "fresh"]


def test_pip_steps_in_where_uv_fails(checkout: Checkout) -> None:
    checkout.uv_works = False
    environment.ensure_environment()
    environment.ensure_environment()

    assert checkout.installed == ["fresh", "pip"]

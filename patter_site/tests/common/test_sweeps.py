import pytest

from patter_site.common import sweeps

pytestmark = pytest.mark.django_db


def test_each_sweep_runs_in_its_turn_and_one_that_fails_stops_no_other(monkeypatch):
    monkeypatch.setattr(sweeps, "_sweeps", {})
    ran = []

    @sweeps.sweep("broken")
    def broken():
        raise RuntimeError("a bug")

    @sweeps.sweep("good", every_s=3600)
    def good():
        ran.append("good")

    assert sweeps.run_due_sweeps() == ["good"]
    assert sweeps.run_due_sweeps() == []
    assert ran == ["good"]

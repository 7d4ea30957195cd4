import pytest
from django.test import Client, override_settings

from patter_site.common import stopping
from patter_site.operations import health

pytestmark = pytest.mark.django_db


def test_a_process_that_lives_and_is_ready_says_so():
    assert Client().get("/health/live").json() == {"status": "ok"}
    response = Client().get("/health/ready")
    assert response.status_code == 200
    assert response.json()["checks"] == {"database": "ok", "migrations": "ok", "redis": "ok"}


def test_a_part_that_does_not_answer_is_named_without_details(monkeypatch):
    def broken():
        raise ConnectionError("password=secret")

    monkeypatch.setitem(health.PROBES, "redis", broken)
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["redis"] == "failed"
    assert "secret" not in response.content.decode()


def test_a_process_that_stops_lives_and_is_not_ready():
    stopping.ask()
    try:
        assert Client().get("/health/live").status_code == 200
        response = Client().get("/health/ready")
    finally:
        stopping.forget()
    assert (response.status_code, response.json()["status"]) == (503, "stopping")


@override_settings(PATTER_METRICS_TOKEN="t" * 20)
def test_metrics_are_for_the_token_or_for_this_machine():
    client = Client(REMOTE_ADDR="203.0.113.7")
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    allowed = client.get("/metrics", headers={"Authorization": "Bearer " + "t" * 20})
    assert allowed.status_code == 200
    assert b"# HELP" in allowed.content
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200


def test_what_a_proxy_on_this_machine_passes_on_comes_from_elsewhere():
    client = Client(REMOTE_ADDR="127.0.0.1")
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


@override_settings(PATTER_METRICS_TOKEN="")
def test_no_token_is_not_an_empty_token():
    client = Client(REMOTE_ADDR="203.0.113.7")
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

"""Static files without a build step and without a proxy."""

import pytest

pytestmark = pytest.mark.django_db


def test_a_file_of_a_package_is_served_whole(client):
    answer = client.get("/static/django_htmx/htmx-2.min.js")
    assert answer.status_code == 200
    assert "javascript" in answer["content-type"]
    assert len(answer.content) > 10_000


def test_a_file_that_the_browser_has_is_not_sent_again(client):
    first = client.get("/static/patter/tokens.css")
    again = client.get("/static/patter/tokens.css", headers={"If-Modified-Since": first["last-modified"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_head_has_the_headers_and_no_body(client):
    answer = client.head("/static/patter/tokens.css")
    assert answer.status_code == 200
    assert "text/css" in answer["content-type"]

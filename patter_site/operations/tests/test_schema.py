import re

from django.test import Client


def test_the_schema_is_openapi_3_1_and_knows_the_addresses():
    response = Client().get("/api/v1/schema")
    assert response.status_code == 200
    schema = response.json()
    assert schema["openapi"].startswith("3.1")
    assert {"get", "post"} <= set(schema["paths"]["/api/v1/api-keys"])
    assert {scheme["type"] for scheme in schema["components"]["securitySchemes"].values()} == {
        "apiKey",
        "http",
    }


def test_yaml_is_there_for_those_who_ask():
    response = Client().get("/api/v1/schema", headers={"Accept": "application/yaml"})
    assert response.content.startswith(b"openapi: 3.1")


def test_the_docs_need_nothing_inline_and_no_other_host():
    response = Client().get("/api/v1/docs")
    page = response.content.decode()
    assert response.headers["Content-Security-Policy"].count("'unsafe") == 0
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) >= 5
    for address in addresses:
        assert address.startswith("/")
        found = Client().get(address.replace("&amp;", "&"))
        assert found.status_code == 200, address


def test_the_script_of_the_docs_is_a_script():
    response = Client().get("/api/v1/docs?script=")
    assert response["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/schema" in response.content

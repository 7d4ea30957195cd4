import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory, override_settings

from patter_site.common.proxies import client_address, forwarded_headers_middleware, networks


def seen_by_a_view(trusted: list[str], peer: str, **headers: str):
    seen = {}

    def view(request):
        seen["address"], seen["secure"] = request.META["REMOTE_ADDR"], request.is_secure()
        seen["forwarded"] = request.META.get("HTTP_X_FORWARDED_FOR")
        return HttpResponse()

    with override_settings(PATTER_TRUSTED_PROXIES=trusted):
        request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
        forwarded_headers_middleware(view)(request)
    return seen


FORGED = {"HTTP_X_FORWARDED_FOR": "9.9.9.9", "HTTP_X_FORWARDED_PROTO": "https"}


def test_a_stranger_cannot_speak_for_anybody():
    seen = seen_by_a_view(["10.0.0.0/8"], "203.0.113.7", **FORGED)
    assert seen == {"address": "203.0.113.7", "secure": False, "forwarded": None}


def test_a_listed_proxy_says_who_the_client_is():
    seen = seen_by_a_view(["10.0.0.0/8"], "10.1.2.3", **FORGED)
    assert seen == {"address": "9.9.9.9", "secure": True, "forwarded": "9.9.9.9"}


def test_what_stands_left_of_an_unlisted_hop_is_not_believed():
    trusted = networks(["10.0.0.0/8", "2001:db8::/32"])
    assert client_address("10.0.0.1", "1.1.1.1, 9.9.9.9, 10.0.0.2", trusted) == "9.9.9.9"
    assert client_address("10.0.0.1", "garbage, 10.0.0.2", trusted) == "10.0.0.2"
    assert client_address("2001:db8::1", "", trusted) == "2001:db8::1"


def test_a_list_that_means_nothing_is_refused():
    with pytest.raises(ImproperlyConfigured):
        networks(["10.0.0.0/8", "proxy"])

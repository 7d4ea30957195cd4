from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from patter_site.common.storage_url import storage_backend


def test_a_folder_is_taken_from_the_url_or_the_default():
    assert storage_backend("", Path("/d"))["OPTIONS"]["location"] == "/d"
    assert storage_backend("file:///var/my%20calls", Path("/d"))["OPTIONS"]["location"] == "/var/my calls"


@pytest.mark.parametrize("url", ["/var/calls", "ftp://host/x", "file://", "s3://"])
def test_anything_else_is_refused_with_a_sentence(url):
    with pytest.raises(ImproperlyConfigured, match="PATTER_STORAGE_URL"):
        storage_backend(url, Path("/d"))

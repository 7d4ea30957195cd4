"""``PATTER_STORAGE_URL``: ``file:///var/lib/patter`` or ``s3://bucket/prefix?endpoint=…&region=…``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def storage_backend(url: str, default_dir: Path) -> dict[str, Any]:
    """Django's setting for where recordings are kept. Raises ImproperlyConfigured."""
    if not url:
        return _files(str(default_dir))
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return _files(unquote(parts.path))
    if parts.scheme == "s3" and parts.hostname:
        return _s3(parts.hostname, parts.path.strip("/"), parse_qs(parts.query))
    raise ImproperlyConfigured("PATTER_STORAGE_URL must be file:///folder or s3://bucket/prefix.")


def _files(location: str) -> dict[str, Any]:
    options = {"location": location, "file_permissions_mode": 0o600}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


def _s3(bucket: str, prefix: str, query: dict[str, list[str]]) -> dict[str, Any]:
    if find_spec("storages") is None:
        raise ImproperlyConfigured(
            "PATTER_STORAGE_URL is s3://, which needs: pip install 'django-storages[s3]'"
        )
    from botocore.config import Config

    options: dict[str, Any] = {"bucket_name": bucket, "location": prefix, "default_acl": None}
    # What live calls write waits in one thread: an S3 that is away must not hold it up for minutes.
    options["client_config"] = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    for name, option in (("endpoint", "endpoint_url"), ("region", "region_name")):
        if name in query:
            options[option] = query[name][0]
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}

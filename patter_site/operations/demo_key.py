"""The demo workspace's API key. Kept in a file of the developer's own, so that each start prints the same."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from patter_site.accounts.models import Organisation, User
from patter_site.accounts.services.api_keys import KeyRefused, create_api_key, verify_api_key


def demo_key(organisation: Organisation, owner: User) -> str:
    """The key that was printed last time if it still opens this organisation, else a new one."""
    path = Path(settings.STATE_DIR) / "demo_key"
    if path.exists() and _opens(kept := path.read_text().strip(), organisation):
        return kept
    _, key = create_api_key(organisation=organisation, name="Demo", created_by=owner)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(key + "\n")
    return key


def _opens(key: str, organisation: Organisation) -> bool:
    try:
        return verify_api_key(key).organisation == organisation
    except KeyRefused:
        return False

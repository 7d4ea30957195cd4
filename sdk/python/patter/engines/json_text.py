"""JSON as providers' sockets carry it: fast where orjson is installed, the same without it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from patter.bridge.wellformed import wellformed

try:
    import orjson
except ImportError:  # the SDK alone does not bring it
    loads: Callable[[str | bytes], Any] = json.loads
else:
    loads = orjson.loads


def dumps(value: Any) -> str:
    """Compact, with every character as it is; halves of characters, which no socket takes, are left out."""
    return wellformed(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

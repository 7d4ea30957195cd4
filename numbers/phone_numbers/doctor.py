"""What the doctor looks at in this room; each carrier has a file of its own."""

from __future__ import annotations

from phone_numbers.telnyx_checkup import check_telnyx

__all__ = ["check_telnyx"]

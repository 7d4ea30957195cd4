"""What the doctor looks at in this room; each carrier has a file of its own."""

from __future__ import annotations

from phone_numbers.shared_accounts import check_shared_accounts
from phone_numbers.telnyx_checkup import check_telnyx
from phone_numbers.twilio_checkup import check_twilio

__all__ = ["check_shared_accounts", "check_telnyx", "check_twilio"]

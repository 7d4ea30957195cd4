"""One try of a tool by a worker: taken, sent, and written down."""

from __future__ import annotations

from asgiref.sync import async_to_sync

from calls.services.invocations import Standing, record_try, take_invocation
from patter.tools.direct import try_tool
from patter_site.common.addresses import outside_guard


def retry_invocation(invocation_id: str) -> Standing | None:
    """None: there was nothing to do. Sends outside of any transaction."""
    taken = take_invocation(invocation_id)
    if taken is None:
        return None
    arguments, webhook_id = taken.invocation.arguments, taken.invocation.pk
    one = async_to_sync(try_tool)(
        taken.spec, taken.context, arguments, webhook_id, taken.number, outside_guard()
    )
    return record_try(taken, one)

"""The bus addresses of ``/ws/sdk``. Each carries the organisation, so no frame can leave it.

Messages on them are dictionaries with a ``type``:

* doors group: ``sdk.offer`` (who answers for this call?), ``sdk.over`` (who tells an end, ``owner`` first?)
* calls group: ``sdk.joined``, ``sdk.lost``, ``sdk.moved`` (connections); ``sdk.said``, ``sdk.note`` (calls)
* a connection's group: ``sdk.offer``, ``sdk.tell`` (a frame that nobody repeats), ``sdk.replaced``
* a connection's own channel: ``sdk.frame``; a call's own channel: ``sdk.bid``, ``sdk.ack``, ``sdk.said``
"""

from __future__ import annotations

import re

CONNECTION_ID = re.compile(r"con_[0-9a-z]{20,36}")


def doors_group(organisation_id: str) -> str:
    """Every SDK connection of an organisation."""
    return f"sdk.doors.{organisation_id}"


def calls_group(organisation_id: str) -> str:
    """Every call of an organisation that a process carries."""
    return f"sdk.calls.{organisation_id}"


def connection_group(organisation_id: str, connection_id: str) -> str:
    """One SDK connection, also after it was resumed in another process."""
    return f"sdk.conn.{organisation_id}.{connection_id}"


def is_connection_id(text: str) -> bool:
    return CONNECTION_ID.fullmatch(text) is not None

"""Runs of tools as rows: written before anything is sent, moved on by whoever holds the claim.

A try is sent only by who claimed the row, and ``tries`` fences it: who lost the claim writes nothing. A
claim that ran out means that a process died with a request on its way. Of a tool with effects such a
request is never repeated, unless its server recognises the ``webhook-id``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from calls.models import ToolInvocation, ToolTry
from patter.bridge.commands import ToolRun
from patter.tools.direct import failed
from patter.tools.requests import request_of
from patter.tools.results import UNKNOWN
from patter.tools.retry import MOST_TRIES, Failure, may_send_again, next_try_in_s
from patter.tools.spec import ToolContext, ToolOutcome, ToolSpec, refused
from patter.tools.webhook import Try
from patter_site.common.jobs import claim, fail, finish, is_due
from patter_site.events.services import record_event

CLAIM_MARGIN_S = 15.0
"""A claim outlasts its try by this much, for writing the answer down."""
MASK = "••••"
STOPPED = {"status": "stopped", "error": "The call was over before there was a result."}
Outcome = ToolInvocation.Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that is ours to try now. ``number`` counts tries from 1."""

    invocation: ToolInvocation
    spec: ToolSpec
    context: ToolContext
    number: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands: with its outcome, or without one yet. ``due_in_s`` is until the next try."""

    outcome: ToolOutcome | None = None
    due_in_s: float | None = None


def begin_invocation(organisation_id: str, context: ToolContext, spec: ToolSpec, command: ToolRun) -> Taken:
    """Write a run down and claim its first try, in one statement. Only then may it be sent."""
    invocation = ToolInvocation.objects.create(
        organisation_id=organisation_id,
        call_id=context.call_id,
        tool_id=spec.tool_id or None,
        name=spec.name,
        run_id=command.run_id,
        arguments=dict(command.arguments),
        request=_shown(spec, context, command.arguments),
        sealed=_sealed(spec, context),
        effects=spec.effects,
        idempotent=spec.idempotent,
        background=spec.background,
        state=ToolInvocation.State.RUNNING,
        tries=1,
        lease_until=timezone.now() + timedelta(seconds=_lease_s(spec)),
    )
    return Taken(invocation, spec, context, 1)


def take_invocation(invocation_id: str) -> Taken | None:
    """Claim a run that is due. None: it is not, somebody was quicker, or it ended here without being sent."""
    rows = ToolInvocation.objects.unscoped("the id was written by us")
    row = rows.select_related("call").filter(pk=invocation_id).first()
    if row is None or row.outcome or not row.sealed:
        return None
    crashed = row.state == ToolInvocation.State.RUNNING
    spec, context = _unsealed(row)
    if not claim(row, lease_s=_lease_s(spec)):
        return None
    if crashed and not may_send_again(effects=row.effects, idempotent=row.idempotent):
        _note_lost_try(row)
        _settle(row, Outcome.UNKNOWN, ToolOutcome(UNKNOWN, ok=False), "A process died while it was sent.")
    elif row.call.is_over and not row.background:
        _settle(row, Outcome.STOPPED, ToolOutcome(STOPPED, ok=False), "")
    elif row.tries > MOST_TRIES:
        _settle(row, Outcome.FAILED, refused("The tool failed."), "It was tried often enough.")
    else:
        return Taken(row, spec, context, row.tries)
    return None


def record_try(taken: Taken, one: Try) -> Standing:
    """Write down what a try came to: the outcome, or when the next one is due."""
    row, failure = taken.invocation, one.failure
    with transaction.atomic():
        _note_try(row, taken.number, one)
        if failure is None:
            return _settle(row, Outcome.OK, ToolOutcome(one.result), "")
        wait_s = next_try_in_s(taken.number, failure)
        if wait_s is None:
            return _give_up(row, failure)
        fail(row, failure.error, retry_in_s=wait_s)
        return Standing(due_in_s=wait_s)


def standing_of(invocation_id: str) -> Standing:
    """How a run stands now."""
    rows = ToolInvocation.objects.unscoped("the id was written by us")
    row = rows.filter(pk=invocation_id).first()
    if row is None:
        return Standing(refused("The tool was stopped."))
    if row.outcome:
        return Standing(ToolOutcome(row.result, ok=row.outcome == Outcome.OK))
    due_in_s = (row.due_at - timezone.now()).total_seconds() if row.due_at else None
    return Standing(due_in_s=due_in_s)


def due_invocations(limit: int) -> list[str]:
    """Runs whose next try is due, or whose process died."""
    rows = ToolInvocation.objects.unscoped("the sweep serves every organisation")
    due = rows.filter(is_due(timezone.now()), outcome=Outcome.OPEN).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def _give_up(row: ToolInvocation, failure: Failure) -> Standing:
    doubtful = row.effects and row.tries_made.filter(may_have_taken_effect=True).exists()
    outcome = failed(failure, unknown=doubtful)
    return _settle(row, Outcome.UNKNOWN if doubtful else Outcome.FAILED, outcome, failure.error)


def _settle(row: ToolInvocation, outcome: str, told: ToolOutcome, error: str) -> Standing:
    """End a run, if the claim is still ours; whoever has it now decides otherwise."""
    with transaction.atomic():
        tries = row.tries
        ended = fail(row, error, retry_in_s=None) if error else finish(row)
        if not ended:
            return standing_of(row.pk)
        row.outcome, row.result, row.finished_at, row.sealed = outcome, told.result, timezone.now(), ""
        row.save(update_fields=["outcome", "result", "finished_at", "sealed"])
        if outcome in (Outcome.FAILED, Outcome.UNKNOWN):
            record_event(
                organisation=row.organisation_id,
                type="tool.failed",
                subject=row,
                data={
                    "call_id": row.call_id,
                    "tool": row.name,
                    "tool_id": row.tool_id,
                    "invocation_id": row.pk,
                    "tries": tries,
                    "error": error,
                    "may_have_taken_effect": outcome == Outcome.UNKNOWN,
                },
            )
    return Standing(told)


def _note_try(row: ToolInvocation, number: int, one: Try) -> None:
    failure = one.failure
    ToolTry.objects.create(
        organisation_id=row.organisation_id,
        invocation=row,
        number=number,
        started_at=timezone.now() - timedelta(milliseconds=one.took_ms),
        took_ms=one.took_ms,
        status=one.status,
        error=failure.error[:500] if failure else "",
        may_have_taken_effect=failure.may_have_taken_effect if failure else True,
        response=one.excerpt.replace("\x00", ""),
    )


def _note_lost_try(row: ToolInvocation) -> None:
    ToolTry.objects.create(
        organisation_id=row.organisation_id,
        invocation=row,
        number=row.tries - 1,
        error="The process that sent it died before there was an answer.",
        may_have_taken_effect=True,
    )


def _lease_s(spec: ToolSpec) -> float:
    return spec.timeout_s + CLAIM_MARGIN_S


def _shown(spec: ToolSpec, context: ToolContext, arguments: Any) -> dict[str, Any]:
    """The request as people may see it. Any header may hold a key, so no value is kept."""
    body = request_of(spec, context, arguments).body.decode() if spec.kind == "webhook" else ""
    return {"url": spec.url, "headers": dict.fromkeys(spec.headers, MASK), "body": body}


def _sealed(spec: ToolSpec, context: ToolContext) -> str:
    plain = replace(spec, function=None)
    kept = asdict(plain)
    return json.dumps({"spec": {**kept, "parameters": {}}, "context": asdict(context)}, default=str)


def _unsealed(row: ToolInvocation) -> tuple[ToolSpec, ToolContext]:
    kept = json.loads(row.sealed)
    return ToolSpec(**kept["spec"]), ToolContext(**kept["context"])

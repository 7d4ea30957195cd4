"""A call's plan: its row and its agent's version, resolved into what the call machine takes."""

from __future__ import annotations

from agents.line_policies import RecordingPolicy, recording_of
from agents.plan import CallWishes, ResolvedPlan, resolve_plan
from agents.selectors import version_of
from calls.models import Call


def wishes_of(call: Call) -> CallWishes:
    """What the call itself asks for."""
    return CallWishes(
        call_id=call.pk,
        direction=call.direction,
        caller=call.from_number,
        callee=call.to_number,
        first_message=call.first_message,
        variables=call.variables,
        custom_params=call.custom_params,
        record=call.record,
        max_duration_s=call.max_duration_s,
        machine_detection=call.machine_detection or None,
        on_machine=call.on_machine,
        voicemail_message=call.voicemail_message,
    )


def recording_policy_of(call: Call) -> RecordingPolicy:
    """How this call is recorded, as its agent's version says."""
    version = version_of(call.agent, call.agent_version) if call.agent else None
    return recording_of(version.config) if version else RecordingPolicy()


def plan_of(call: Call) -> ResolvedPlan:
    """The call's plan. Raises AgentNotReady. Reads the database: call it once, before media begins."""
    return resolve_plan(call.agent, wishes_of(call), call.agent_version)

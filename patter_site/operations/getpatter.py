"""What the published getpatter 0.4 asks of a platform by REST, in the shapes that it expects.

Its socket is ``/ws/sdk`` like everybody's (``calls/sdk/``); this is the rest: ``/api/agents``,
``/api/numbers``, ``/api/phone-numbers`` and ``/api/calls``. Lists are plain arrays, and it tells 200, 201
and 204 apart. New programs use ``/api/v1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import Agent
from agents.selectors import agents_of, published_config, published_configs
from agents.services import archive_agent, change_draft, create_agent, publish_agent
from calls.models import Call
from calls.selectors import calls_of, transcript_of
from patter_site.common.errors import Conflict, NotFound, ValidationProblem
from patter_site.common.views import OrganisationView
from phone_numbers.models import PhoneNumber
from phone_numbers.register import register_number
from phone_numbers.register_body import RegisterSerializer, registration_of
from phone_numbers.selectors import numbers_of
from phone_numbers.services import change_number

OLD_MODEL_WORD = "realtime"
"""Models of its day that carry this word are retired: the platform's default speaks instead."""
PROVIDER_NAMES = {"whisper": "openai", "openai_tts": "openai"}
"""Providers that have another name here."""
MOST_CALLS = 200
MOST_LISTED = 1_000
"""Of agents and numbers: it knows no pages, and looks for its own among them. The newest stay."""


def _agent_row(agent: Agent, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    config = published_config(agent) if config is None else config
    tts = config.get("tts") or {}
    return {
        "id": agent.pk,
        "name": agent.name,
        "system_prompt": config.get("system_prompt", ""),
        "first_message": config.get("first_message", ""),
        "language": config.get("language", "en"),
        "voice": config.get("voice") or tts.get("voice"),
        "voice_provider": tts.get("provider", "openai"),
        "model": (config.get("llm") or {}).get("model"),
        "tools": config.get("tools", []),
        "created_at": agent.created_at,
    }


def _number_row(number: PhoneNumber) -> dict[str, Any]:
    return {
        "id": number.pk,
        "number": number.number,
        "provider": number.carrier_account.carrier,
        "agent_id": number.agent_id,
        "status": "active",
        "created_at": number.created_at,
    }


def _call_row(call: Call) -> dict[str, Any]:
    return {
        "id": call.pk,
        "call_id": call.pk,
        "direction": call.direction,
        "caller": call.from_number,
        "callee": call.to_number,
        "from_number": call.from_number,
        "to_number": call.to_number,
        "status": call.status,
        "agent_id": call.agent_id,
        "duration": call.duration_s,
        "duration_seconds": call.duration_s,
        "started_at": call.started_at,
        "ended_at": call.ended_at,
        "created_at": call.created_at,
    }


def _agent_config(given: Mapping[str, Any]) -> dict[str, Any]:
    """Its fields as an agent of ours has them. What it does not name keeps its default."""
    named = ("name", "system_prompt", "first_message", "language")
    config = {name: given[name] for name in named if given.get(name) is not None}
    if given.get("tools"):
        raise ValidationProblem("tools: Give tools to an agent on its page or with /api/v1/agents.")
    model = given.get("model") or ""
    speaks = not model or OLD_MODEL_WORD in str(model)
    if "voice" in given or "voice_provider" in given:
        config |= _voice(given.get("voice"), given.get("voice_provider") or "openai", speaks)
    if model:
        config["llm"] = {"provider": "openai", **({} if speaks else {"model": model})}
    return config


def _with_voice(agent: Agent, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Model, voice and its provider say together how an agent speaks. What is not changed, it has already."""
    names = ("model", "voice", "voice_provider")
    if not any(given.get(name) for name in names):
        return given
    row = _agent_row(agent)
    return {**{name: row[name] for name in names}, **given}


def _voice(name: str | None, provider: str, model_speaks: bool) -> dict[str, Any]:
    voice = {"voice": name} if name else {}
    if provider == "openai" and model_speaks:
        return {"mode": "realtime", **voice}
    return {"mode": "pipeline", "stt": {"provider": "deepgram"}, "tts": {"provider": provider, **voice}}


def _stage(given: Any) -> dict[str, Any]:
    """A recogniser or a voice. Its tuning was made for another pipeline: ours has its own."""
    if not isinstance(given, dict):
        return {}
    provider = str(given.get("provider", ""))
    kept = {name: given[name] for name in ("api_key", "language", "voice") if given.get(name)}
    options = given.get("options")
    model = options.get("model") if isinstance(options, dict) else None
    return {"provider": PROVIDER_NAMES.get(provider, provider), **kept, **({"model": model} if model else {})}


def _given(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationProblem("Send a JSON object.")
    return request.data


def _found(rows: Any, pk: str, what: str) -> Any:
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no {what} {pk!r}.")
    return row


@extend_schema(exclude=True)
class Agents(OrganisationView):
    scopes = {"GET": "agents:read", "*": "agents:write"}

    def get(self, request: Request) -> Response:
        agents = list(agents_of(self.organisation).order_by("-pk")[:MOST_LISTED])
        configs = published_configs(agents)
        return Response([_agent_row(agent, configs[agent.pk]) for agent in agents])

    def post(self, request: Request) -> Response:
        config = {"reply_by": "model", **_agent_config(_given(request))}
        return Response(_agent_row(create_agent(organisation=self.organisation, config=config)), status=201)


@extend_schema(exclude=True)
class OneAgent(OrganisationView):
    scopes = {"GET": "agents:read", "*": "agents:write"}

    def patch(self, request: Request, pk: str) -> Response:
        agent = _found(agents_of(self.organisation), pk, "agent")
        changed = change_draft(agent=agent, changes=_agent_config(_with_voice(agent, _given(request))))
        return Response(_agent_row(publish_agent(agent=changed)))

    def delete(self, request: Request, pk: str) -> Response:
        archive_agent(agent=_found(agents_of(self.organisation), pk, "agent"))
        return Response(status=204)


@extend_schema(exclude=True)
class Numbers(OrganisationView):
    scopes = {"GET": "numbers:read"}

    def get(self, request: Request) -> Response:
        numbers = numbers_of(self.organisation).order_by("-pk")[:MOST_LISTED]
        return Response([_number_row(number) for number in numbers])


@extend_schema(exclude=True)
class BuyNumber(OrganisationView):
    scopes = {"*": "numbers:write"}

    def post(self, request: Request) -> Response:
        raise Conflict(
            "Numbers are not bought here yet. Buy one at your carrier and bring it with connect(provider=…).",
            code="not_available",
        )


@extend_schema(exclude=True)
class RegisterNumber(OrganisationView):
    """It sends ``provider_credentials: {api_key, api_secret}``: Twilio's account SID and auth token."""

    scopes = {"*": "admin"}

    def post(self, request: Request) -> Response:
        given = _given(request)
        secrets = given.get("provider_credentials")
        secrets = secrets if isinstance(secrets, dict) else {}
        key, secret = secrets.get("api_key", ""), secrets.get("api_secret", "")
        names = {"twilio": ("account_sid", "auth_token"), "telnyx": ("api_key", "public_key")}
        carrier = str(given.get("provider", ""))
        account = dict(zip(names.get(carrier, ()), (key, secret), strict=False))
        voices = {stage: _stage(given.get(f"{stage}_config")) for stage in ("stt", "tts")}
        body = {"number": given.get("number"), "carrier": carrier, **account, **voices}
        serializer = RegisterSerializer(data={name: value for name, value in body.items() if value})
        serializer.is_valid(raise_exception=True)
        arguments = registration_of(serializer.validated_data)
        try:
            number = register_number(organisation=self.organisation, **arguments)
        except Conflict as taken:
            # It takes 409 for "known already", and would wait for calls that go to somebody else.
            raise ValidationProblem(taken.message, code=taken.code, fields=taken.fields) from taken
        return Response(_number_row(number), status=201)


@extend_schema(exclude=True)
class AssignAgent(OrganisationView):
    scopes = {"*": "numbers:write"}

    def post(self, request: Request, pk: str) -> Response:
        number = _found(numbers_of(self.organisation), pk, "number")
        agent = _found(agents_of(self.organisation), str(_given(request).get("agent_id", "")), "agent")
        return Response(_number_row(change_number(number=number, changes={"agent": agent})))


@extend_schema(exclude=True)
class Calls(OrganisationView):
    scopes = {"GET": "calls:read"}

    def get(self, request: Request) -> Response:
        asked = request.query_params.get("limit", "50")
        limit = min(int(asked), MOST_CALLS) if asked.isdecimal() else 50
        return Response([_call_row(call) for call in calls_of(self.organisation).order_by("-pk")[:limit]])


@extend_schema(exclude=True)
class OneCall(OrganisationView):
    scopes = {"GET": "calls:read"}

    def get(self, request: Request, pk: str) -> Response:
        call = _found(calls_of(self.organisation), pk, "call")
        return Response({**_call_row(call), "transcript": transcript_of(call)})


addresses = [
    path("agents", Agents.as_view()),
    path("agents/<str:pk>", OneAgent.as_view()),
    path("numbers", Numbers.as_view()),
    path("numbers/buy", BuyNumber.as_view()),
    path("phone-numbers", RegisterNumber.as_view()),
    path("phone-numbers/<str:pk>/assign-agent", AssignAgent.as_view()),
    path("calls", Calls.as_view()),
    path("calls/<str:pk>", OneCall.as_view()),
]

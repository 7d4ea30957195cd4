"""What an SDK may ask for over its socket: place a call, hang up, say something, transfer, press keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.exceptions import ValidationError

from calls.line_serializers import DigitsSerializer, TransferRequestSerializer
from calls.models import Call
from calls.sdk.client_frames import id_of
from calls.selectors import calls_of
from calls.serializers import CallCreateSerializer, SaySerializer
from calls.services.control import hang_up_call, say_on_call, send_digits_on_call
from calls.services.place import PlaceOptions, place_call
from calls.services.transfer import ask_transfer
from patter_site.accounts.models import Organisation
from patter_site.common.errors import ApiProblem, NotFound, ValidationProblem

Frame = Mapping[str, Any]
CALL_FIELDS = (
    "to",
    "from",
    "first_message",
    "variables",
    "custom_params",
    "machine_detection",
    "voicemail_message",
    "on_machine",
    "record",
)


def obey(organisation: Organisation, frame: Frame, *, reply_to: str, callback_base: str) -> str:
    """Carry out one command. Returns the id of its call. Never inside a transaction. Raises ApiProblem."""
    try:
        if frame["type"] == "call":
            return _place(organisation, frame, reply_to, callback_base)
        call = _call_of(organisation, frame)
        COMMANDS[frame["type"]](call, frame)
    except ValidationError as error:
        raise ValidationProblem(_sentence(error)) from error
    return call.pk


def _place(organisation: Organisation, frame: Frame, reply_to: str, callback_base: str) -> str:
    given = {name: frame[name] for name in CALL_FIELDS if frame.get(name) not in (None, "")}
    if frame.get("agent_id"):
        given["agent"] = frame["agent_id"]
    serializer = CallCreateSerializer(data=given, context={"organisation": organisation})
    serializer.is_valid(raise_exception=True)
    checked = dict(serializer.validated_data)
    call = place_call(
        organisation=organisation,
        to=checked.pop("to"),
        from_=checked.pop("from", ""),
        agent=checked.pop("agent", None),
        options=PlaceOptions(**checked, reply_to=reply_to),
        callback_base=callback_base,
    )
    return call.pk


def _call_of(organisation: Organisation, frame: Frame) -> Call:
    call = calls_of(organisation).filter(pk=id_of(dict(frame))).first()
    if call is None:
        raise NotFound("There is no such call.", code="call_unknown")
    return call


def _hang_up(call: Call, _frame: Frame) -> None:
    hang_up_call(call=call)


def _say(call: Call, frame: Frame) -> None:
    serializer = SaySerializer(data={"text": frame.get("text")})
    serializer.is_valid(raise_exception=True)
    say_on_call(call=call, **serializer.validated_data)


def _transfer(call: Call, frame: Frame) -> None:
    given = {name: frame[name] for name in ("kind", "summary") if frame.get(name)}
    given["target"] = frame.get("to") or frame.get("target")
    serializer = TransferRequestSerializer(data=given)
    serializer.is_valid(raise_exception=True)
    ask_transfer(call=call, **serializer.validated_data)


def _send_digits(call: Call, frame: Frame) -> None:
    serializer = DigitsSerializer(data={"digits": frame.get("digits")})
    serializer.is_valid(raise_exception=True)
    send_digits_on_call(call=call, **serializer.validated_data)


COMMANDS: dict[str, Callable[[Call, Frame], None]] = {
    "hang_up": _hang_up,
    "say": _say,
    "transfer": _transfer,
    "send_digits": _send_digits,
}
"""By the type of the frame. ``call`` has no call yet, and stands apart."""


def _sentence(error: ValidationError) -> str:
    """The first complaint, with the name of its field."""
    detail: Any = error.detail
    names: list[str] = []
    while isinstance(detail, Mapping | list) and detail:
        if isinstance(detail, Mapping):
            name, detail = next(iter(detail.items()))
            names.append(str(name))
        else:
            detail = next((each for each in detail if each), "")
    return f"{'.'.join(names)}: {detail}" if names else str(detail)


def refusal_of(error: Exception) -> tuple[str, str]:
    """The code and the sentence that a client is told."""
    if isinstance(error, ApiProblem):
        return error.code, next((f"{name}: {why[0]}" for name, why in error.fields.items()), error.message)
    return "internal", "Something went wrong on our side."

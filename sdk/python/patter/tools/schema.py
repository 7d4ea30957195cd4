"""Arguments against a tool's JSON Schema, before anything is sent; what is wrong, in words for the model.

Schemas come from customers and from servers elsewhere, and are worked through while people speak. So the
parts of JSON Schema whose price nobody can foresee are not carried out: a ``pattern`` is matched only where
that is cheap (``patterns.py``), and references are followed a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend

from patter.tools.patterns import breaks
from patter.tools.results import clean_text

MOST_SCHEMA_CHARACTERS = 20_000
MOST_ARGUMENT_CHARACTERS = 20_000
MOST_REFERENCES = 500
MOST_PROBLEMS = 5
MOST_SHOWN = 120


class SchemaRefused(ValueError):
    """This is no schema of a tool's arguments. The text says what to change."""


class _TooManyReferences(Exception):
    pass


def check_schema(schema: Any) -> None:
    """Whether this can be the ``parameters`` of a tool. Raises SchemaRefused."""
    if not isinstance(schema, Mapping):
        raise SchemaRefused("Give a JSON Schema: an object.")
    if schema.get("type") != "object":
        raise SchemaRefused('The arguments of a tool are an object: the schema needs "type": "object".')
    if len(str(schema)) > MOST_SCHEMA_CHARACTERS:
        raise SchemaRefused(f"Keep the schema under {MOST_SCHEMA_CHARACTERS} characters.")
    if "patternProperties" in str(schema):
        raise SchemaRefused("patternProperties is not supported. Name the properties.")
    foreign = [ref for ref in _references(schema) if not ref.startswith("#")]
    if foreign:
        raise SchemaRefused(f"The reference {foreign[0][:80]!r} leads outside the schema.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join(str(part) for part in error.absolute_path)
        raise SchemaRefused(f"{where or 'The schema'}: {error.message[:200]}") from None
    except RecursionError:
        raise SchemaRefused("The schema is nested too deeply.") from None


def wrong_arguments(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with the arguments, in a sentence for the model; None when they fit."""
    if len(str(arguments)) > MOST_ARGUMENT_CHARACTERS:
        return "The arguments are too long. Send less."
    try:
        problems = list(islice(_validator(schema).iter_errors(arguments), MOST_PROBLEMS))
    except (_TooManyReferences, RecursionError):
        return "The arguments cannot be checked: they are nested too deeply. Send simpler ones."
    except Exception as error:  # a schema whose references lead nowhere; the call must go on
        return f"The schema of this tool is broken ({type(error).__name__}), so it cannot be called."
    if not problems:
        return None
    told = "; ".join(_told(problem) for problem in problems)
    return (
        f"The arguments do not fit: {told}. Nothing was done. Ask the caller for what is missing, or correct "
        "the arguments and call the tool again."
    )


def _validator(schema: Mapping[str, Any]) -> Any:
    followed = 0

    def reference(validator: Any, ref: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        nonlocal followed
        followed += 1
        if followed > MOST_REFERENCES:
            raise _TooManyReferences
        yield from validator._validate_reference(ref=ref, instance=instance)

    bounded = extend(
        Draft202012Validator,
        {"$ref": reference, "$dynamicRef": reference, "pattern": _pattern, "patternProperties": _unchecked},
    )
    return bounded(schema)


def _pattern(_: Any, pattern: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and isinstance(pattern, str) and breaks(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _unchecked(*_: Any) -> Sequence[ValidationError]:
    return ()


def _references(schema: Any) -> Iterator[str]:
    match schema:
        case Mapping():
            for name, value in schema.items():
                if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                    yield value
                else:
                    yield from _references(value)
        case list() | tuple():
            for value in schema:
                yield from _references(value)
        case _:
            return


def _told(problem: ValidationError) -> str:
    where = ".".join(str(part) for part in problem.absolute_path)
    message = clean_text(problem.message)
    if len(message) > MOST_SHOWN:  # the value itself stands in it, however long
        message = f"not valid under {problem.validator!r}"
    return f"{where}: {message}" if where else message

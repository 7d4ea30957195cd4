"""Writes the parts of these pages that the code knows best: `.venv/bin/python docs/build.py [--check]`.

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. `--check` writes nothing and fails when a
page is not current; a test runs it.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from argparse import SUPPRESS
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
ROWS = ROOT / "sdk" / "python" / "patter" / "rows.py"
COMMANDS = ROOT / "patter_site" / "operations" / "management" / "commands"
DJANGOS_OWN = {
    "help",
    "version",
    "verbosity",
    "settings",
    "pythonpath",
    "traceback",
    "no_color",
    "force_color",
}
METHODS = ("get", "post", "put", "patch", "delete")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def first_sentence(text: str | None) -> str:
    """The first paragraph, on one line, with Markdown's way of writing code."""
    paragraph = inspect.cleandoc(text or "").split("\n\n")[0]
    return " ".join(paragraph.split()).replace("``", "`")


# -- tables of states ---------------------------------------------------------------------------------


def call_steps() -> str:
    from calls.services.progress import TABLE

    rows = []
    for step, row in TABLE.items():
        stamps = ", ".join(code(stamp) for stamp in row.stamps)
        unanswered = " · ".join(code(word) for word in (row.status, row.outcome, row.reason) if word)
        answered = " · ".join(code(word) for word in (row.answered_status, row.answered_reason) if word)
        rows.append([code(step.value), unanswered, answered, stamps])
    return table(["becomes known", "leads to", "leads to, if it had been answered", "stamps"], rows)


def call_ranks() -> str:
    from calls.services.progress import RANKS, TERMINAL_RANK

    ranks: dict[int, list[str]] = {}
    for status, rank in RANKS.items():
        ranks.setdefault(rank, []).append(code(status))
    lines = []
    for rank, names in sorted(ranks.items()):
        lines.append([str(rank), ", ".join(names), "never left" if rank == TERMINAL_RANK else ""])
    return table(["rank", "status", ""], lines)


def lifecycle() -> str:
    from patter.bridge.lifecycle import TABLE, Act, Cue, State

    rows = []
    for state in State:
        cells = [code(state.value)]
        for cue in Cue:
            following, act = TABLE[state].get(cue, (None, Act.NONE))
            moved = code(following.value) if following else ""
            cells.append(f"{moved}, {act.value.replace('_', ' ')}" if act is not Act.NONE else moved)
        rows.append(cells)
    return table(["state", *(code(cue.value) for cue in Cue)], rows)


def end_reasons() -> str:
    from patter.bridge.lifecycle import END_REASONS

    return ", ".join(code(reason) for reason in sorted(END_REASONS)) + "."


# -- what clients see ---------------------------------------------------------------------------------


def events() -> str:
    from patter_site.events.catalogue import CATALOGUE

    rows = []
    for name, schema in CATALOGUE.items():
        needed = schema["required"]
        optional = [field for field in schema["properties"] if field not in needed]
        rows.append([code(name), ", ".join(map(code, needed)), ", ".join(map(code, optional))])
    return table(["type", "always in `data`", "may be in `data`"], rows)


@cache
def openapi() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    return dict(SchemaGenerator(api_version=None).get_schema(request=None, public=True))


def endpoints() -> str:
    rows = []
    for path, operations in openapi()["paths"].items():
        for method in METHODS:
            if operation := operations.get(method):
                said = first_sentence(operation.get("description"))
                answers = [status for status in operation["responses"] if status.startswith("2")]
                rows.append([method.upper(), code(path), " ".join(answers), said])
    return table(["", "address", "answer", "what it does"], rows)


def scopes() -> str:
    from patter_site.accounts.roles import ROLE_ADDS_SCOPES

    rows = [[code(str(role)), ", ".join(map(code, added))] for role, added in ROLE_ADDS_SCOPES.items()]
    return table(["role", "adds"], rows)


def providers() -> str:
    from agents.providers import PROVIDERS
    from agents.specs import CONVAI_PROVIDER
    from patter.engines import llm, speech, stt, tts

    factories: dict[str, Container[str]] = {
        "stt": stt.FACTORIES,
        "llm": llm.FACTORIES,
        "tts": tts.FACTORIES,
        "realtime": speech.FACTORIES,
        "convai": (CONVAI_PROVIDER,),
    }
    rows = []
    for name, provider in PROVIDERS.items():
        runs = [role for role in provider.roles if name in factories.get(role, ())]
        waits = [role for role in provider.roles if role in factories and name not in factories[role]]
        needs = ["a key"] * provider.needs_key + ["an address"] * provider.needs_base_url
        cells = [", ".join(map(code, runs)), ", ".join(map(code, waits)), " and ".join(needs) or "nothing"]
        rows.append([code(name), *cells])
    return table(["provider", "carries calls", "may be chosen, has no engine yet", "needs"], rows)


def turn_taking() -> str:
    from patter.turn_taking import BOUNDS, PRESETS

    presets = [name for name, values in PRESETS.items() if values]
    rows = []
    for name, bound in BOUNDS.items():
        others = [f"{PRESETS[preset][name]:g}" if name in PRESETS[preset] else "" for preset in presets]
        rows.append([code(name), f"{bound.lowest:g} to {bound.highest:g}", f"{bound.default:g}", *others])
    return table(["value", "range", "`balanced`", *(code(name) for name in presets)], rows)


# -- what operators see -------------------------------------------------------------------------------


def carrier_doors() -> str:
    from calls.webhooks.urls import DOORS

    rows = [
        [code(f"POST /webhooks/twilio/{{carrier_account_id}}/{name}"), first_sentence(view.__doc__)]
        for name, view in DOORS.items()
    ]
    return table(["address", "what comes in"], rows)


def carrier_faults(part: str) -> str:
    from docs.faults import tables

    return table(["fault", "what happens", "shown by"], tables()[part])


def commands() -> str:
    from django.core.management import load_command_class

    parts = []
    for name in sorted(path.stem for path in COMMANDS.glob("[a-z]*.py")):
        command = load_command_class("patter_site.operations", name)
        parser = command.create_parser("manage.py", name)
        rows = []
        for action in parser._actions:
            if action.dest in DJANGOS_OWN | {"skip_checks"} or action.help == SUPPRESS:
                continue
            needed = "needed" if action.required else ""
            rows.append([code(" ".join(action.option_strings)), needed, _meaning(action)])
        parts.append(f"### {name}\n\n{command.help}\n")
        parts.append(table(["option", "", "meaning"], rows) + "\n" if rows else "It has no options.\n")
    return "\n".join(parts).strip()


def _meaning(action: Any) -> str:
    said = [action.help or ""]
    if action.choices:
        said.append("one of " + ", ".join(code(choice) for choice in action.choices))
    if action.default not in (None, "", False, [], SUPPRESS):
        said.append(f"default {code(str(action.default))}")
    return "; ".join(part for part in said if part)


# -- the Python SDK -----------------------------------------------------------------------------------


def python_api() -> str:
    """Every exported class with its public methods, and the phone of ``patter.testing``."""
    import patter
    from patter.testing import FakePhone

    exported = [(name, getattr(patter, name)) for name in patter.__all__]
    return "\n\n".join(_documented(name, one) for name, one in [*exported, ("testing.FakePhone", FakePhone)])


def _documented(name: str, one: Any) -> str:
    parts = [f"## `{name}`", _prose(one.__doc__)]
    for method, function in inspect.getmembers(one, callable):
        if method.startswith("_") or not inspect.getdoc(function) or method not in vars(one):
            continue
        parts += [f"### `{name}.{method}{_signature(function)}`", _prose(function.__doc__)]
    for attribute, value in vars(one).items():
        if isinstance(value, property) and value.__doc__ and not attribute.startswith("_"):
            parts += [f"### `{name}.{attribute}`", _prose(value.__doc__)]
    return "\n\n".join(parts)


def _signature(function: Any) -> str:
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    shown, keyword_only = [], False
    for one in parameters:
        if one.kind is one.KEYWORD_ONLY and not keyword_only:
            shown.append("*")
            keyword_only = True
        default = "" if one.default is one.empty else f"={one.default!r}"
        shown.append(f"{one.name}{default}")
    return f"({', '.join(shown)})"


def _prose(text: str | None) -> str:
    """A docstring as Markdown: its list of arguments becomes one."""
    cleaned = inspect.cleandoc(text or "").replace("``", "`")
    head, found, rest = cleaned.partition("Args:\n")
    if not found:
        return cleaned
    lines: list[str] = []
    after: list[str] = []
    for line in rest.splitlines():
        if after or (line and not line.startswith(" ")):
            after.append(line)
        elif line.startswith("     "):
            lines[-1] += f" {line.strip()}"
        elif line.strip():
            name, _, about = line.strip().partition(": ")
            lines.append(f"- `{name}`: {about}")
    return "\n\n".join(part for part in (head.strip(), "\n".join(lines), "\n".join(after)) if part)


def support() -> str:
    """What `docs/support.py` has written down: carriers by feature, mode and who replies."""
    cells = json.loads((DOCS / "reference" / "support.json").read_text())
    columns = sorted({(mode, reply_by) for _, mode, reply_by, _ in cells}, key=_as_told)
    rows = []
    for feature in dict.fromkeys(feature for feature, *_ in cells):
        carriers = [
            sorted(carrier.title() for one, *of, carrier in cells if one == feature and tuple(of) == column)
            for column in columns
        ]
        rows.append([feature, *(", ".join(names) or "–" for names in carriers)])
    return table(["feature", *(f"{mode}, {reply_by}" for mode, reply_by in columns)], rows)


def _as_told(column: tuple[str, str]) -> tuple[int, str]:
    return ("pipeline", "realtime", "convai").index(column[0]), column[1]


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "design/call-states.md": {
        "ranks": call_ranks,
        "steps": call_steps,
        "lifecycle": lifecycle,
        "end-reasons": end_reasons,
    },
    "reference/rest.md": {"scopes": scopes, "endpoints": endpoints},
    "reference/events.md": {"events": events},
    "reference/providers.md": {"providers": providers, "turn-taking": turn_taking},
    "reference/carrier-addresses.md": {"doors": carrier_doors},
    "reference/carrier-faults.md": {
        part: partial(carrier_faults, part) for part in ("both", "twilio", "telnyx")
    },
    "reference/management-commands.md": {"commands": commands},
    "reference/python.md": {"python": python_api},
    "reference/support.md": {"support": support},
}


def with_parts(page: str, parts: dict[str, Callable[[], str]]) -> str:
    """The page with every part made anew. Raises ValueError when a part has no place in it."""
    for name, make in parts.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"there is no place for {name}")
        page = f"{before}{begin}\n{make()}\n\n{end}{after}"
    return page


def event_schemas() -> str:
    from patter_site.events.catalogue import CATALOGUE

    return json.dumps(CATALOGUE, indent=2, ensure_ascii=False) + "\n"


def rest_rows() -> str:
    import rest_types

    return rest_types.module(openapi())


def built() -> dict[Path, str]:
    pages = {DOCS / name: with_parts((DOCS / name).read_text(), parts) for name, parts in PARTS.items()}
    return {**pages, DOCS / "reference" / "events.json": event_schemas(), ROWS: rest_rows()}


def _set_up_django() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "patter_site.settings"
    for name in ("PATTER_SECRET_KEY", "PATTER_ENCRYPTION_KEY"):
        os.environ.setdefault(name, "only-for-reading-the-code-never-for-data")
    # Defaults are shown as they are, whatever this shell is set up for.
    for name in ("PORT", "PATTER_SIMULATOR_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()


def main(arguments: list[str]) -> int:
    _set_up_django()
    stale = {path: text for path, text in built().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if "--check" in arguments:
            sys.stderr.write(
                f"{path.relative_to(ROOT)} is not current. Run `.venv/bin/python docs/build.py`.\n"
            )
        else:
            path.write_text(text)
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

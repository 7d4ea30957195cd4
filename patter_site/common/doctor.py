"""What can be wrong with an installation. Each room registers its checks in its ``doctor.py``:

    @doctor_check("numbers")
    def check_numbers() -> Iterator[Finding]:
        yield bad("The number +1… has no webhook.", "Press Configure on its page.")

A check reads; only ``Finding.fix`` changes anything, and only under ``doctor --fix``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True)
class Finding:
    """One line: what is the case, and how to mend it."""

    level: str  # ok, warn, bad
    says: str
    mend: str = ""
    fix: Callable[[], object] | None = None


def ok(says: str) -> Finding:
    return Finding("ok", says)


def warn(says: str, mend: str) -> Finding:
    """Works, but not as people will want it."""
    return Finding("warn", says, mend)


def bad(says: str, mend: str, fix: Callable[[], object] | None = None) -> Finding:
    """Something does not work."""
    return Finding("bad", says, mend, fix)


Check = Callable[[], Iterable[Finding]]
_checks: dict[str, Check] = {}


def doctor_check(name: str) -> Callable[[Check], Check]:
    """Register a check under the word that its lines begin with."""

    def register(check: Check) -> Check:
        _checks[name] = check
        return check

    return register


def examine() -> list[tuple[str, Finding]]:
    """Run every check. One that breaks is a finding itself."""
    autodiscover_modules("doctor")
    return [(name, finding) for name, check in _checks.items() for finding in _run(check)]


def apply_fix(finding: Finding) -> str:
    """Carry out a finding's fix; one that fails stops no other. Gives why it could not, or nothing."""
    if finding.fix is None:
        return ""
    try:
        finding.fix()
    except Exception as error:
        return str(error)
    return ""


def _run(check: Check) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:
        return [bad(f"This check broke: {error}", "Read the log, or report it.")]

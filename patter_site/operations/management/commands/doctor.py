"""Says what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from patter_site.common.doctor import Finding, apply_fix, examine

MARKS = {"ok": "ok   ", "warn": "note ", "bad": "WRONG"}


class Command(BaseCommand):
    help = "Check secrets, database, queue, public URL, storage and what the rooms add. Exit code 1: mend it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="mend what a program can mend")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine()
        if options["fix"]:
            fixes = [(name, finding) for name, finding in findings if finding.fix]
            for name, finding in fixes:
                self.stdout.write(f"mending {name}: {finding.says}")
                if problem := apply_fix(finding):
                    self.stdout.write(f"could not mend {name}: {problem}")
            if not fixes:
                self.stdout.write("There is nothing that a program can mend.")
            findings = examine() if fixes else findings
        for name, finding in findings:
            self._say(name, finding)
        if any(finding.level == "bad" for _, finding in findings):
            sys.exit(1)

    def _say(self, name: str, finding: Finding) -> None:
        self.stdout.write(f"{MARKS[finding.level]}  {name + ':':12} {finding.says}")
        if finding.mend:
            self.stdout.write(f"{'':21}→ {finding.mend}")

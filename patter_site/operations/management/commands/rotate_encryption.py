"""Re-encrypts every secret with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from patter_site.operations.rotation import encrypted_columns, rotate_column


class Command(BaseCommand):
    help = (
        "Re-encrypt every secret with the first key of PATTER_ENCRYPTION_KEY. May be stopped and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")
        parser.add_argument("--batch", type=int, default=200, help="rows read at once")

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = 0
        for model, name in encrypted_columns():
            tally = rotate_column(model, name, batch=options["batch"], dry_run=options["dry_run"])
            unreadable += len(tally.unreadable)
            verb = "to rotate" if options["dry_run"] else "rotated"
            line = f"{model._meta.label}.{name}: {tally.rotated} {verb}, {tally.current} current"
            self.stdout.write(f"{line}, {tally.changed} changed meanwhile" if tally.changed else line)
            for key, reason in tally.unreadable:
                self.stderr.write(f"{model._meta.label}.{name} {key}: {reason}")
        if unreadable:
            raise CommandError(f"{unreadable} secrets could not be opened. Keep the old keys until they can.")

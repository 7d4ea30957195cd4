"""The simulated carriers, as a server on loopback."""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from patter_site.operations.simulator import simulator_command


class Command(BaseCommand):
    help = "Run the simulated carriers on this machine: REST, webhooks and media."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        default = urlsplit(settings.PATTER_SIMULATOR_URL).port or 8010
        parser.add_argument("--port", type=int, default=default, help="0 takes a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        # The same process goes on as the simulator, so that signals reach it.
        sys.stdout.flush()
        command = simulator_command(options["port"])
        os.execv(command[0], command)

"""The whole platform on one port."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from patter_site.operations.migrations_state import missing_migrations
from patter_site.operations.server import CannotListen, listening_socket, run_server
from patter_site.operations.simulator import Simulator
from patter_site.operations.single_process import AlreadyRunning, single_process


class Command(BaseCommand):
    help = "Serve the platform on one port; without Redis its workers live in the same process."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--demo", action="store_true", help="with a workspace, a carrier and a call")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if settings.SHAPE.embedded:
                single_process.acquire()
            listener = listening_socket(options["host"], options["port"])
        except (AlreadyRunning, CannotListen) as refused:
            raise CommandError(str(refused)) from None
        base = f"http://{options['host']}:{listener.getsockname()[1]}"
        # First, so that it wakes up while the platform does.
        simulator = self._start_simulator() if options["demo"] else None
        try:
            self._migrate()
            came_up = run_server(listener, lambda: self._when_ready(base, simulator))
        finally:
            if simulator is not None:
                simulator.stop()
        if not came_up:
            sys.exit(1)
        self.stdout.write("Stopped.")

    def _migrate(self) -> None:
        if missing := missing_migrations():
            self.stdout.write(f"Applying {len(missing)} migrations …")
            call_command("migrate", interactive=False, verbosity=0)

    def _start_simulator(self) -> Simulator:
        simulator = Simulator()
        simulator.start()
        settings.PATTER_SIMULATOR_URL = simulator.url
        simulator.remember()
        return simulator

    def _when_ready(self, base: str, simulator: Simulator | None) -> None:
        self.stdout.write(f"Patter is at {base}")
        if simulator is None:
            return
        # Only here: the demo needs every room, a server needs none of them.
        from patter_site.operations.demo import show_demo

        show_demo(base=base, simulator=simulator, say=self._say)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

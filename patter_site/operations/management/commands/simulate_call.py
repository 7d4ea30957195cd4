"""Plays the carrier against a running platform: rings, speaks, listens, and says what happened."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from patter.simulators.line import PROFILES
from patter_site.operations.simulated_call import CannotCall, Placed, faults_of, find_target, place
from patter_site.operations.simulator import Simulator, SimulatorFailed, running_simulator


class Step(argparse.Action):
    """Collects what the caller does, in the order of the command line."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        steps = getattr(namespace, "steps", None) or []
        word = (option_string or "").lstrip("-")
        given = values if isinstance(values, list) else [values]
        for value in given:
            steps.append({"wait_s": float(value)} if word == "wait" else {word: value})
        namespace.steps = steps


class Command(BaseCommand):
    help = "Call a number of a running platform as the carrier would, over its real webhooks and sockets."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, metavar="NUMBER", help="the number to call, in E.164")
        parser.add_argument("--from", dest="caller", default="+12025550187", metavar="NUMBER")
        parser.add_argument(
            "--say", action=Step, nargs="+", metavar="TEXT", help="speak when the agent is done"
        )
        parser.add_argument("--over", action=Step, metavar="TEXT", help="speak over the agent")
        parser.add_argument("--digits", action=Step, metavar="123", help="press keys; w waits half a second")
        parser.add_argument("--audio", action=Step, metavar="FILE.wav", help="play a recording")
        parser.add_argument("--wait", action=Step, metavar="SECONDS")
        parser.add_argument("--carrier", choices=["twilio", "telnyx"], default="twilio")
        parser.add_argument("--url", default="", help="the platform's base, or a whole voice webhook address")
        parser.add_argument(
            "--auth-token",
            default="",
            help="the carrier account's, when it is not here; at Telnyx its API key",
        )
        parser.add_argument("--account-sid", default="", help="at Telnyx the connection id")
        parser.add_argument("--profile", action="append", choices=sorted(PROFILES), default=[])
        parser.add_argument(
            "--fault",
            action="append",
            metavar="NAME[=VALUE]",
            default=[],
            help="something that goes wrong, such as no_start or frame_ms=100; see the list in the docs",
        )
        parser.add_argument(
            "--longest-s", type=float, default=120.0, help="the call is ended after this long"
        )
        parser.add_argument("--save", default="", metavar="FILE.wav", help="where the call's audio goes")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            target = find_target(
                number=options["to"],
                url=options["url"],
                auth_token=options["auth_token"],
                account_sid=options["account_sid"],
                carrier=options["carrier"],
            )
            result = self._call(target, options)
        except (CannotCall, SimulatorFailed) as error:
            raise CommandError(str(error)) from None
        self._show(result, options["json"])
        if result.get("status") != "completed":
            sys.exit(1)

    def _call(self, target: Any, options: dict[str, Any]) -> dict[str, Any]:
        placed = Placed(
            caller=options["caller"],
            steps=[_absolute(step) for step in options.get("steps") or []],
            profile=options["profile"],
            faults=faults_of(options["carrier"], options["fault"]),
            longest_s=options["longest_s"],
        )
        simulator = running_simulator()
        mine = simulator is None
        if simulator is None:
            # Twilio is told what to do in our answers. At Telnyx the platform itself must find the simulator.
            at = settings.PATTER_SIMULATOR_URL if options["carrier"] == "telnyx" else ""
            simulator = Simulator(at)
            simulator.start()
            simulator.wait_until_ready()
        try:
            say = (lambda _line: None) if options["json"] else self._say
            result = place(simulator=simulator, target=target, placed=placed, say=say)
            sid = result["call_sid"]
            path = Path(options["save"] or f"call-{sid.replace(':', '-')}.wav").resolve()
            path.write_bytes(simulator.fetch(f"{target.root}calls/{sid}/audio.wav"))
            result["audio"] = str(path)
            return result
        finally:
            if mine:
                simulator.stop()
            else:
                simulator.close()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _show(self, result: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result))
            return
        transcript = result.get("transcript")
        if transcript is None:
            self._say("The platform that answered is not this installation: its transcript is there.")
        else:
            self._say("")
            for turn in transcript["turns"]:
                cut = "  (cut)" if turn.get("interrupted") else ""
                latency = f"  [{turn['latency']['total_ms']} ms]" if turn.get("latency") else ""
                self._say(f"{turn['started_ms'] / 1000:7.2f}  {turn['role']:9}  {turn['text']}{cut}{latency}")
            if transcript["error"]:
                self._say(f"{transcript['error']['code']}: {transcript['error']['message']}")
        self._say(f"\n{result.get('status')} ({result.get('cause')}). Audio: {result['audio']}")


def _absolute(step: dict[str, Any]) -> dict[str, Any]:
    """The simulator may run in another folder."""
    return {"audio": str(Path(step["audio"]).resolve())} if "audio" in step else step

"""The package as it is installed: what it needs, how fast it loads, what it offers."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import patter

PACKAGE = Path(patter.__file__).parent
METADATA = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
BASE = {"httpx", "websockets", "starlette", "uvicorn"}
HEAVY = (
    "starlette", "uvicorn", "numpy", "jsonschema", "websockets", "httpx", "patter.cloud", "patter.local",
    "patter.rows",
)  # fmt: skip
BROUGHT = {
    "httpcore", "h11", "anyio", "sniffio", "idna", "certifi", "click", "typing_extensions", "uvloop",
    "httptools",
}  # fmt: skip
"""What the base dependencies bring with them."""

ONLY_BASE = f"""
import sys
from importlib.abc import MetaPathFinder

class OnlyBase(MetaPathFinder):
    def __init__(self, finders):
        self.finders = finders

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top in {BASE | BROUGHT | {"patter"}} or top.startswith("_")
        found = (finder.find_spec(name, path, target) for finder in self.finders if known)
        return next((spec for spec in found if spec), None)

sys.meta_path[:] = [OnlyBase(sys.meta_path[:])]
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_the_base_packages_are_needed():
    assert {one.partition(">")[0] for one in METADATA["project"]["dependencies"]} == BASE


def test_importing_is_quick_and_brings_no_server():
    code = (
        # Of the processor: what else this machine does is not the package's fault.
        "import time; began = time.process_time(); import patter\n"
        "took = time.process_time() - began\n"
        f"import sys; print(took, *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    took, *loaded = min((run(code).split() for _ in range(5)), key=lambda one: float(one[0]))
    assert loaded == []
    assert float(took) < 0.15


def test_local_mode_loads_with_nothing_else_installed():
    code = (
        f"{ONLY_BASE}\n"
        "import patter, patter.local, patter.serving, patter.local.app, patter.local.page\n"
        "import patter.local.twilio_doors, patter.engines.stt.deepgram.link, patter.engines.llm.openai.link\n"
        "import patter.engines.tts.elevenlabs.link, patter.engines.tts.openai.link\n"
        "from patter.testing import FakePhone\n"
        "from patter import Agent, ConfigError\n"
        "from patter.local.plan import toolbox_of\n"
        "try:\n    toolbox_of(Agent(tools=(print,)), {})\n"
        "except ConfigError as error:\n    print(error)\n"
    )
    assert "sdk/python[tools]" in run(code)


def test_a_whole_call_with_nothing_else_installed():
    code = (
        f"{ONLY_BASE}\n"
        "import asyncio\nfrom patter.testing import FakePhone\n"
        "async def main():\n"
        "    async with FakePhone(on_message=lambda msg: f'You said: {msg.text}') as call:\n"
        "        print(await call.say('hello'))\n"
        "asyncio.run(main())"
    )
    assert run(code) == "You said: hello\n"


def test_the_licence():
    assert METADATA["project"]["license"] == "MIT"
    assert (PACKAGE.parents[2] / "LICENSE").read_text().startswith("MIT License")


def test_what_is_exported_exists_and_is_sorted():
    assert patter.__all__ == sorted(patter.__all__)
    assert all(hasattr(patter, name) for name in patter.__all__)
    assert (PACKAGE / "py.typed").is_file()

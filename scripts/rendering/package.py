"""Build the Lambda zip: our code, the specs, and the libraries the functions need, for one processor and Python.

The zip is deterministic: the same sources and lock file give the same bytes. boto3 comes with the Lambda runtime
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html) and is left out.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scripts.files import appearing
from scripts.rendering.paths import BUILD, LAMBDA_ZIP, ROOT

_LIBRARIES = ("aws-lambda-powertools", "numpy", "pydantic", "PyYAML")
_CODE = ("lambdas", "emr_specs")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_READABLE = 0o644  # Lambda unpacks with the zip's own permissions and runs as another user


class PackageError(RuntimeError):
    """The libraries of the Lambda zip could not be installed."""


@dataclass(frozen=True)
class Target:
    """What a zip is built for.

    ``platforms`` are the wheel tags that fit, none for this machine.
    """

    python: str
    platforms: tuple[str, ...]
    architecture: str


# Amazon Linux 2023 has glibc 2.34. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
AWS = Target("3.13", ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"), "arm64")


def this_machine() -> Target:
    """Return the target that runs in this process's own Python."""
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return Target(sysconfig.get_python_version(), (), "arm64" if arm else "x86_64")


def target_at(endpoint: str) -> Target:
    """Return what the functions run on at an endpoint: the local cloud's on this machine, AWS's on Graviton.

    Parameters
    ----------
    endpoint
        The address of any of its services.
    """
    return this_machine() if urlsplit(endpoint).hostname in {"127.0.0.1", "::1", "localhost"} else AWS


def write_zip(target: Target) -> Path:
    """Build the zip that serverless.yml names, for a target, and return its path.

    Raises
    ------
    PackageError
        pip could not install the libraries; its last lines say why.
    """
    with appearing(LAMBDA_ZIP) as fresh:
        shutil.copyfile(package(target), fresh)
    return LAMBDA_ZIP


def package(target: Target) -> Path:
    """Build the zip for a target, unless ``build/packages`` holds it already.

    Parameters
    ----------
    target
        Processor and Python version.

    Returns
    -------
    Path
        The zip, named after a hash of all that goes into it.

    Raises
    ------
    PackageError
        pip could not install the libraries; its last lines say why.
    """
    archive = BUILD / "packages" / f"{_fingerprint(target)}.zip"
    if archive.exists():
        return archive
    files = sorted([*_files(_install(target)), *_own_files()])
    with appearing(archive) as fresh, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, path in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _READABLE << 16
            writer.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive


def _fingerprint(target: Target) -> str:
    digest = hashlib.sha256(f"{target}{_pins()}".encode())
    for name, path in sorted(_own_files()):
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _pins() -> str:
    """Return the lock file's lines, with their markers, as pip takes them as constraints."""
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def _install(target: Target) -> Path:
    key = hashlib.sha256(f"{target}{_LIBRARIES}{_pins()}".encode()).hexdigest()[:16]
    folder = BUILD / "libraries" / key
    if folder.is_dir():
        return folder
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--constraint", str(ROOT / "requirements.lock")]
    for tag in target.platforms:
        command += ["--platform", tag]
    if target.platforms:
        command += ["--python-version", target.python, "--only-binary", ":all:"]
    with appearing(folder) as fresh:
        command += ["--target", str(fresh), *_LIBRARIES]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise PackageError(f"pip could not install the Lambda libraries for {target}:\n{tail}")
    return folder


def _own_files() -> Iterator[tuple[str, Path]]:
    for top in _CODE:
        for name, path in _files(ROOT / top):
            yield f"{top}/{name}", path


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and "__pycache__" not in parts and parts[0] != "bin":
            yield "/".join(parts), path

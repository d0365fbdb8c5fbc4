"""A process with everything it starts, that can be ended from another thread."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_GRACE = 5.0


class StepProcess:
    """Runs one command in a process group of its own; `stop` ends it, or keeps it from starting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = False
        self._group: int | None = None

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def run(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str], logs: Path) -> int | None:
        """Run a command to its end, its output in `<logs>/stdout` and `<logs>/stderr`.

        Returns
        -------
        int | None
            Its exit code as a shell tells it (143 after SIGTERM), None if it was stopped before it started.
        """
        with (logs / "stdout").open("wb") as stdout, (logs / "stderr").open("wb") as stderr:
            with self._lock:
                if self._stopped:
                    return None
                process = subprocess.Popen(
                    argv,
                    cwd=folder,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
                self._group = process.pid
            code = process.wait()
            with self._lock:
                self._signal(signal.SIGKILL)
                self._group = None
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """Ask the process group to end, and kill what is left of it a few seconds later."""
        with self._lock:
            self._stopped = True
            if self._group is None:
                return
            self._signal(signal.SIGTERM)
        killer = threading.Timer(_GRACE, self.kill)
        killer.daemon = True
        killer.start()

    def kill(self) -> None:
        """Kill the process group at once."""
        with self._lock:
            self._stopped = True
            self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._group is None:
            return
        try:
            os.killpg(self._group, number)
        except (ProcessLookupError, PermissionError):
            return

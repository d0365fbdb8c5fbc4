"""Watch how much memory a process uses."""

import subprocess
import threading
from types import TracebackType

SAMPLE_SECONDS = 0.2


class MemoryWatch:
    """Sample a process's resident memory for the length of a ``with`` block.

    Attributes
    ----------
    first, peak
        MiB.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.first = self.peak = resident_mib(pid)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, resident_mib(self._pid))


def resident_mib(pid: int) -> float:
    """Return a process's resident memory in MiB, 0 if it is gone."""
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(done.stdout.strip() or 0) / 1024

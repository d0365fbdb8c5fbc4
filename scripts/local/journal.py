"""What the local cloud's EMR did, exactly: every change of a cluster or step, with both clocks."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local.emr.clock import Clock

JOURNAL = "emr-events.jsonl"


@dataclass(frozen=True)
class Entry:
    """One change: the EventBridge event, and when it happened on EMR's clock and on the wall clock, epoch seconds."""

    event: dict[str, Any]
    simulated: float
    real: float


class Journal:
    """Appends the engine's events to a file.

    Parameters
    ----------
    path
        The file; emptied.
    clock
        The engine's.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        path.write_text("", encoding="utf-8")

    def write(self, event: dict[str, Any]) -> None:
        """Append one event."""
        line = json.dumps({"event": event, "simulated": self._clock.now(), "real": time.time()})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def read(path: Path) -> list[Entry]:
    """Read a journal, oldest entry first."""
    return [Entry(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]

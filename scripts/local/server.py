"""The local cloud's process: ministack with the EMR engine and the Spark runner in it.

Started by :mod:`scripts.local.cloud`, which chooses the port and stops it. Everything it needs comes in the environment
that ministack itself reads (``GATEWAY_PORT``, ``BIND_HOST``) and in its arguments.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ministack.app import main as serve

from scripts.bench.scaling.traces import read_trace
from scripts.local.adapters import ministack, ministack_events
from scripts.local.emr.clock import LiveClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.journal import JOURNAL, Journal
from scripts.local.spark.runner import SparkRunner
from scripts.rendering.paths import BUILD


def main() -> None:
    """Serve until the parent process is gone or a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workdir", type=Path, required=True, help="where steps run and the bucket mirror lies")
    parser.add_argument("--scale", type=float, required=True, help="simulated seconds per real second")
    parser.add_argument("--parent", type=int, required=True, help="process whose end ends this one")
    parser.add_argument("--load", help="trace that every step is taken to want containers by")
    arguments = parser.parse_args()
    clock = LiveClock(arguments.scale)
    endpoint = f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"
    load = read_trace(arguments.load).phases if arguments.load else ()
    runner = SparkRunner(endpoint, arguments.workdir, BUILD / "class-data", clock, load)
    journal = Journal(arguments.workdir / JOURNAL, clock)

    def observe(event: dict[str, Any]) -> None:
        journal.write(event)
        ministack_events.publish(event)

    ministack.install(EmrEngine(clock, runner, observer=observe), clock)
    threading.Thread(target=_end_with, args=(arguments.parent,), daemon=True).start()
    sys.argv = sys.argv[:1]
    serve()


def _end_with(parent: int) -> None:
    """Stop when the process that started this one is gone, however it went."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

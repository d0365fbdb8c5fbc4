"""The main job, end to end: a data set is dropped into S3, and everything after that happens by itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from lambdas import aws
from scripts import deployment
from scripts.demo import data
from scripts.local.cloud import STAGE, SUBNET, LocalCloud
from scripts.local.journal import Entry
from scripts.watching.follow import Follower
from scripts.watching.timeline import show

JOB = "pricing-summary"
LANDING = "landing/tpch"
FILES_PER_TABLE = 4
POLL_SECONDS = 0.05
START_SECONDS = 60.0


class DemoError(RuntimeError):
    """The demonstration could not go on; the message says why."""


@dataclass
class Demo:
    """What the demonstration has seen.

    Attributes
    ----------
    seconds
        Real seconds by phase.
    follower
        The run, once it has started.
    journal
        What EMR did, in order.
    left
        Clusters still alive when all was over; none, if the promise holds.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    follower: Follower | None = None
    journal: list[Entry] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - started, 2)

    def run(self, cloud: LocalCloud, files: list[Path], console: Console) -> None:
        """Deploy, drop the data, and watch.

        Parameters
        ----------
        cloud
            Where; this process's SDK must lead there.
        files
            The generated data.
        console
            Where the progress goes.

        Raises
        ------
        DemoError
            The marker's event started no execution.
        """
        with self.phase("deploy"):
            deployed = _with_status(console, lambda say: deployment.deploy(STAGE, SUBNET, say))
        with self.phase("upload"):
            sent = self._upload(files[0].parents[1], deployed.data_bucket, console)
        target = f"s3://{deployed.data_bucket}/{LANDING}/"
        console.print(f"uploaded {sent / 1e6:,.0f} MB in {len(files)} files to {target}", soft_wrap=True)
        with self.phase("trigger"):
            execution = _wait_for_execution(deployed.machine_arn(JOB))
        name = execution.rpartition(":")[2]
        console.print(f"their marker, _SUCCESS, started run [bold]{name}[/bold]\n", soft_wrap=True)
        with self.phase("run"):
            self.follower = Follower(execution, POLL_SECONDS)
            show(self.follower, console)
        self.journal = cloud.journal()
        pages = (
            aws.emr()
            .get_paginator("list_clusters")
            .paginate(ClusterStates=["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"])
        )
        self.left = [cluster["Id"] for page in pages for cluster in page["Clusters"]]

    @staticmethod
    def _upload(folder: Path, bucket: str, console: Console) -> int:
        total = sum(file.stat().st_size for file in folder.rglob("*.csv"))
        done = 0
        with console.status("uploading") as status:

            def progress(file: Path, sent: int) -> None:
                nonlocal done
                done += sent
                status.update(f"uploading {file.name}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")

            return data.upload(aws.s3(), folder, bucket, LANDING, progress)


def _with_status(console: Console, work: Callable[[Callable[[str], None]], Any]) -> Any:
    with console.status("deploying") as status:

        def say(text: str) -> None:
            status.update(text)
            if not console.is_terminal:
                console.print(text)

        return work(say)


def _wait_for_execution(machine: str) -> str:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        executions = aws.stepfunctions().list_executions(stateMachineArn=machine)["executions"]
        if executions:
            return executions[0]["executionArn"]
        time.sleep(POLL_SECONDS)
    raise DemoError(f"the marker object started no execution of {machine} within {START_SECONDS:.0f} s")

"""Send events to a local cloud that gathers objects, wait until all is quiet, and count what came of them."""

import itertools
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdas import aws
from lambdas.inputs.uri import S3Uri
from scripts.bench.events.project import JOB, deploy_gathering
from scripts.bench.events.send import addresses, plan, send
from scripts.bench.memory import MemoryWatch
from scripts.deployment import Deployment
from scripts.local.cloud import DEFAULT_SCALE, local_cloud
from scripts.rendering.paths import BUILD

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

# An odd number, so that some objects are left over and wait until their window is over.
OBJECTS_OF_BATCH = 67
# Longer than anything stands still here: a batch that is not full must be the last one.
WINDOW_SECONDS = 60

FOLDER = BUILD / "bench" / "events"

POLL_SECONDS = 0.5
# In which nothing of the queue changes: a message that failed would come back after half an hour.
GIVE_UP_SECONDS = 180.0

_QUEUED: tuple["QueueAttributeNameType", ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Outcome:
    """What came of some events.

    Attributes
    ----------
    events, objects, duplicates
        What was sent: events, the objects they announced, and events that announced nothing new.
    runs, expected_runs
        Executions, and how many there should be.
    lost, twice, too_large
        Objects in no run's list and in more than one; lists longer than allowed.
    rejected, left
        Messages in the queue of rejected events, and in the queue of starts after all; not those that are delayed.
    seconds, events_per_second
        From the first event until all were dealt with, but for the window of the last batch.
    peak_rss_mb
        Of the local cloud's process, in MiB.
    """

    events: int
    objects: int
    duplicates: int
    runs: int
    expected_runs: int
    lost: int
    twice: int
    too_large: int
    rejected: int
    left: int
    seconds: float
    events_per_second: float
    peak_rss_mb: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing was lost, nothing taken twice, and no run too many started."""
        wrong = self.lost + self.twice + self.too_large + self.rejected + self.left
        return not wrong and self.runs == self.expected_runs

    def __str__(self) -> str:
        return (
            f"{self.events:,} events of {self.objects:,} objects: {self.runs:,} runs, {self.expected_runs:,} expected; "
            f"{self.lost} objects lost, {self.twice} read twice, {self.too_large} batches too large, {self.rejected} "
            f"messages rejected, {self.left} left; {self.seconds:,.0f} s ({self.events_per_second:,.0f} events/s), "
            f"{self.peak_rss_mb:,} MiB"
        )

    def document(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {**asdict(self), "exact": self.is_exact}


def measure(
    events: int, window: int = WINDOW_SECONDS, objects: int = OBJECTS_OF_BATCH, folder: Path = FOLDER
) -> Outcome:
    """Send so many events to a local cloud of their own.

    Parameters
    ----------
    events
        A tenth of them are duplicates.
    window, objects
        Seconds after its first object at which a batch is closed, and objects that close it earlier.
    folder
        Where the local cloud works; what was there is gone.
    """
    shutil.rmtree(folder, ignore_errors=True)
    planned = plan(events)
    with local_cloud(folder / "cloud", DEFAULT_SCALE) as cloud:
        cloud.use()
        deployed = deploy_gathering(cloud, folder / "project", window, objects)
        with MemoryWatch(cloud.pid) as memory:
            started = time.monotonic()
            send(deployed, planned)
            _wait_until(lambda waiting: not waiting[0] and not waiting[1], deployed)
            seconds = time.monotonic() - started
            if planned.objects % objects:
                _wait_until(lambda waiting: not any(waiting), deployed)
        runs = [_objects_of(manifest) for manifest in _manifests(deployed)]
        rejected = _count(deployed.outputs["RejectedEvents"])
        left = _count(deployed.outputs["StartQueue"])
    found = Counter(itertools.chain.from_iterable(runs))
    return Outcome(
        events=events,
        objects=planned.objects,
        duplicates=events - planned.objects,
        runs=len(runs),
        expected_runs=-(-planned.objects // objects),
        lost=sum(address not in found for address in addresses(deployed.data_bucket, planned)),
        twice=sum(times > 1 for times in found.values()),
        too_large=sum(len(run) > objects for run in runs),
        rejected=sum(rejected),
        left=left[0] + left[1],
        seconds=round(seconds, 1),
        events_per_second=round(events / seconds, 1),
        peak_rss_mb=round(memory.peak),
    )


def _count(queue_url: str) -> list[int]:
    """Return how many messages of a queue can be received, have been received, and are delayed."""
    answer = aws.sqs().get_queue_attributes(QueueUrl=queue_url, AttributeNames=_QUEUED)["Attributes"]
    return [int(answer[name]) for name in _QUEUED]


def _wait_until(is_over: Callable[[list[int]], bool], deployed: Deployment) -> None:
    before, changed = None, time.monotonic()
    while time.monotonic() < changed + GIVE_UP_SECONDS:
        waiting = _count(deployed.outputs["StartQueue"])
        if is_over(waiting):
            return
        if waiting != before:
            before, changed = waiting, time.monotonic()
        time.sleep(POLL_SECONDS)


def _manifests(deployed: Deployment) -> list[str]:
    """Return the lists of all executions."""
    sfn = aws.stepfunctions()
    pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=deployed.machine_arn(JOB))
    arns = [execution["executionArn"] for page in pages for execution in page["executions"]]
    return [json.loads(sfn.describe_execution(executionArn=arn)["input"])["manifest"] for arn in arns]


def _objects_of(manifest: str) -> list[str]:
    uri = S3Uri.parse(manifest)
    document = json.loads(aws.s3().get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read())
    return [entry["url"] for entry in document["entries"]]

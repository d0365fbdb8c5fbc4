"""Gather what triggers with a batch announce, and start the runs of the batches that are due."""

import datetime
import json
import math
from typing import TYPE_CHECKING

from lambdas.inputs.events import parse_event
from lambdas.inputs.uri import S3Uri
from lambdas.settings import Settings
from lambdas.specs.job import Job
from lambdas.specs.load import load_job
from lambdas.specs.triggers import Batch
from lambdas.starts.batch_table import BatchTable
from lambdas.starts.batches import Closing, add, close_due
from lambdas.starts.decide import execution_name
from lambdas.starts.message import StartMessage, StartMessageError
from lambdas.starts.send import send
from lambdas.starts.start import start_execution

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient


class Gatherer:
    """Deals with the messages of triggers that gather; each trigger's batches are looked at once."""

    def __init__(
        self,
        settings: Settings,
        dynamodb: "DynamoDBClient",
        s3: "S3Client",
        sqs: "SQSClient",
        stepfunctions: "SFNClient",
        now: datetime.datetime,
    ) -> None:
        self._settings = settings
        self._dynamodb, self._s3, self._sqs, self._stepfunctions = dynamodb, s3, sqs, stepfunctions
        self._now = now
        self._closed: set[tuple[str, int]] = set()

    def takes(self, message: StartMessage, job: Job) -> bool:
        """Let a message's object wait for its batch; false for what starts a run by itself."""
        rule = _rule(message, job)
        if rule is None:
            if message.close:
                raise StartMessageError(
                    f"triggers[{message.trigger}] of {job.name!r} gathers no batches any more; look for objects that "
                    "were left waiting in the table of starts, start the job with 'slow-lambda run', and drop this"
                )
            return False
        if message.close:
            self._look_again(message)
        elif message.event is not None:
            self._add(message, message.event, rule)
        else:
            raise StartMessageError(f"a message for triggers[{message.trigger}] of {job.name!r} without its event")
        return True

    def close(self, message: StartMessage) -> None:
        """Start the runs of the batches that are due at a message's trigger."""
        trigger = (message.job, message.trigger)
        if trigger in self._closed:
            return
        job = load_job(message.job)
        rule = _rule(message, job)
        if rule is None:
            return
        store = self._store(job.name, message.trigger)
        left = close_due(store, rule, self._now, lambda batch: self._start(job, batch))
        if left is not None:
            self._look_at_end(message, left.timestamp() + rule.window)
        self._closed.add(trigger)

    def _add(self, message: StartMessage, event: dict[str, object], rule: Batch) -> None:
        created = parse_event(event)
        store = self._store(message.job, message.trigger)
        if add(store, str(created.uri), created.object.etag, created.object.size, self._now):
            self._look_at_end(message, self._now.timestamp() + rule.window)

    def _look_at_end(self, message: StartMessage, until: float) -> None:
        self._send_timer(StartMessage(job=message.job, trigger=message.trigger, close=True, until=until))

    def _look_again(self, message: StartMessage) -> None:
        """Go on waiting: a message is delayed for a quarter of an hour at most, and longer windows take several."""
        if message.until is not None and self._now.timestamp() < message.until:
            self._send_timer(message)

    def _send_timer(self, message: StartMessage) -> None:
        left = (message.until or 0) - self._now.timestamp()
        send(self._sqs, self._settings.start_queue_url, message, math.ceil(left))

    def _store(self, job: str, trigger: int) -> BatchTable:
        folder = S3Uri(self._settings.log_bucket, f"starts/{job}/")
        queue = f"batch#{job}#{trigger}"
        return BatchTable(self._dynamodb, self._settings.start_table, self._s3, folder, queue)

    def _start(self, job: Job, batch: Closing) -> None:
        name = execution_name(job, f"batch {batch.batch}")
        document = json.dumps({"manifest": batch.manifest})
        start_execution(self._stepfunctions, self._settings, job.name, name, document)


def _rule(message: StartMessage, job: Job) -> Batch | None:
    if message.changed is not None or not 0 <= message.trigger < len(job.triggers):
        return None
    created = job.triggers[message.trigger].object_created
    return created.batch if created is not None else None

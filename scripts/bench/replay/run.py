"""Make many failed runs in the in-process cloud, and time the plan of their replay."""

import datetime
import io
import json
import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lambdas import aws
from lambdas.failures.classes import FailureClass
from lambdas.inputs.frozen import FrozenManifest
from lambdas.inputs.pages import S3Object
from lambdas.ledger.store import write_entry
from scripts.deployment import Deployment
from scripts.local.adapters.moto_limits import limited
from scripts.local.in_process import DATA_BUCKET, LOG_BUCKET, REGION, RUN_TABLE, Conditions, in_process_cloud
from scripts.replaying.chains import Wanted
from scripts.replaying.inputs import Inputs
from scripts.replaying.limits import api_limits
from scripts.replaying.many import plan_bulk
from scripts.replaying.stage import Stage

JOB = "pricing-summary"
_USD = 1.25

# What runs fail of; for each fourth it depends on whether its input has changed whether it is worth a replay.
_CAUSES = (
    FailureClass.CAPACITY_SHORTAGE,
    FailureClass.EXECUTOR_OUT_OF_MEMORY,
    FailureClass.NODE_LOST_OR_SPOT,
    FailureClass.APPLICATION_ERROR,
)

# How a run ends is no matter here; that it has an execution that failed is.
_MACHINE = json.dumps({"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "CapacityShortage"}}})


def measure(runs: int) -> dict[str, Any]:
    """Return ``runs``, ``planned``, ``seconds``, ``throttled``, ``calls`` by action and service, and ``peak_mib``.

    Parameters
    ----------
    runs
        How many have failed, each with its execution and its entry in the ledger.
    """
    with _quiet(), in_process_cloud(JOB, conditions=Conditions(definition=_MACHINE)) as cloud:
        now = datetime.datetime.now(datetime.UTC)
        outputs = {
            "RunTable": RUN_TABLE,
            "DataBucket": DATA_BUCKET,
            "CodeBucket": "code-bucket",
            "LogBucket": LOG_BUCKET,
        }
        deployed = Deployment("test", {**outputs, "PricingSummaryStateMachine": cloud.machine})
        aws.s3().create_bucket(Bucket="code-bucket")
        _fail(cloud.machine, runs)
        wanted = Wanted(now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1))
        with limited(api_limits(REGION)) as tally, _counted() as calls:
            start = time.perf_counter()
            bulk = plan_bulk(deployed, [JOB], wanted, Inputs(Stage(deployed)).change)
            seconds = time.perf_counter() - start
    return {
        "runs": runs,
        "planned": len(bulk.chosen),
        "seconds": round(seconds, 2),
        "throttled": tally.throttled.total(),
        "calls": dict(sorted(calls.items())),
        "peak_mib": round(_peak_mib(), 1),
    }


def _fail(machine: str, runs: int) -> None:
    """Let runs fail, each with an input of its own that is another by now."""
    for number in range(runs):
        name, cause = f"{JOB}-{number:06}", _CAUSES[number % len(_CAUSES)]
        document = {"input": f"s3://{DATA_BUCKET}/landing/{number:06}/"}
        started = aws.stepfunctions().start_execution(stateMachineArn=machine, name=name, input=json.dumps(document))
        aws.s3().put_object(Bucket=DATA_BUCKET, Key=f"landing/{number:06}/part.csv", Body=b"1,2\n")
        manifest, version = _manifest(name)
        entry = {
            "status": "FAILED",
            "execution": started["executionArn"],
            "started": started["startDate"],
            "ended": started["startDate"],
            "document": document,
            "trigger": "manual",
            "input": document["input"],
            "manifest": manifest,
            "version": version,
            "attempt": 1,
            "failure_class": cause.value,
            "error": cause.error,
            "usd_estimated": _USD,
        }
        write_entry(aws.dynamodb(), RUN_TABLE, JOB, name, entry)
    _wait_until_ended(machine)


def _manifest(run: str) -> tuple[str, str]:
    """Write the manifest of an input of one object that is there no more; return its address and version."""
    key = f"runs/{JOB}/{run}/manifest.json"
    with io.BytesIO() as file:
        frozen = FrozenManifest(file, [])
        frozen.write(DATA_BUCKET, [S3Object(f"{run}.csv", 4, "old", "STANDARD")])
        frozen.end()
        aws.s3().put_object(Bucket=LOG_BUCKET, Key=key, Body=file.getvalue())
    return f"s3://{LOG_BUCKET}/{key}", frozen.version


def _wait_until_ended(machine: str) -> None:
    while aws.stepfunctions().list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
        time.sleep(0.05)


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Count the calls of all clients, by service and action."""
    calls: Counter[str] = Counter()
    clients: list[Any] = [aws.stepfunctions(), aws.dynamodb(), aws.s3()]

    def count(model: Any, **_unused: Any) -> None:
        calls[f"{model.service_model.service_id}:{model.name}"] += 1

    for client in clients:
        client.meta.events.register("before-call.*.*", count)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.*.*", count)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep moto from telling of each execution that fails: these all do."""
    logger = logging.getLogger("moto")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _peak_mib() -> float:
    """Return the most memory this process has had, moto and all of its executions included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10

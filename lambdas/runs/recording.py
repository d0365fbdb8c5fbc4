"""Make the record of a run: read the cluster back from EMR, price it, name what failed."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lambdas.clusters.find import ANY_STATE, cluster_in_cause, find_clusters
from lambdas.failures import Failure, StateFailure, describe_failure
from lambdas.pricing import Cost, Interval, cost_of
from lambdas.runs.events import RecordEvent
from lambdas.runs.record import Dollars, InstancesUsed, RunRecord, StepRun
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Market

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

_CENTS = 6
_CREATE_CLUSTER = "Create cluster"


def make_record(event: RecordEvent, emr: "EMRClient", catalogue: Catalogue, now: datetime.datetime) -> RunRecord:
    """Make the record of a run.

    A run without a failure still counts as failed when one of its steps did not complete.

    Parameters
    ----------
    event
        What the machine knows. When creating the cluster failed it does not know the cluster's id, so the cluster is
        looked for in the failure's cause and by its tag.
    emr
        The client.
    catalogue
        Prices.
    now
        The end of what has not ended yet; with a time zone.
    """
    cluster_id = event.cluster_id or _lost_cluster(event, emr)
    cluster: dict[str, Any] | None = None
    steps: list[dict[str, Any]] = []
    intervals: list[Interval] = []
    if cluster_id:
        cluster = dict(emr.describe_cluster(ClusterId=cluster_id)["Cluster"])
        steps = _steps(emr, cluster_id)
        intervals = _intervals(emr, cluster_id, now)
    failure = _failure(event, cluster, steps)
    return RunRecord(
        run=event.execution.name,
        job=event.job,
        execution=event.execution.id,
        status="FAILED" if failure else "SUCCEEDED",
        started=event.execution.started,
        ended=_ended(cluster, now),
        input=event.plan.input if event.plan else None,
        cluster_id=cluster_id,
        cluster_state=cluster["Status"]["State"] if cluster else None,
        instances=_used(intervals),
        steps=[_step_run(step) for step in steps],
        cost=_dollars(cost_of(intervals, catalogue)),
        error=failure.error if failure else None,
        cause=failure.cause if failure else None,
        failed_state=event.failure.state if event.failure else None,
        plan=event.plan,
    )


def _lost_cluster(event: RecordEvent, emr: "EMRClient") -> str | None:
    if event.failure is None or event.failure.state != _CREATE_CLUSTER:
        return None
    named = cluster_in_cause(event.failure.cause)
    if named:
        return named
    found = find_clusters(emr, event.execution.id, event.execution.started, ANY_STATE)
    return found[0].id if found else None


def _steps(emr: "EMRClient", cluster_id: str) -> list[dict[str, Any]]:
    # ListSteps answers newest first.
    # https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSteps.html
    pages = emr.get_paginator("list_steps").paginate(ClusterId=cluster_id)
    newest_first = [dict(step) for page in pages for step in page["Steps"]]
    return newest_first[::-1]


def _intervals(emr: "EMRClient", cluster_id: str, now: datetime.datetime) -> list[Interval]:
    intervals = []
    for page in emr.get_paginator("list_instances").paginate(ClusterId=cluster_id):
        for instance in page["Instances"]:
            timeline = instance["Status"].get("Timeline", {})
            created = timeline.get("CreationDateTime")
            if created is None or "Ec2InstanceId" not in instance:
                continue
            seconds = (timeline.get("EndDateTime", now) - created).total_seconds()
            market: Market = "spot" if instance.get("Market") == "SPOT" else "on_demand"
            intervals.append(Interval(instance["InstanceType"], market, max(seconds, 0.0)))
    return intervals


def _failure(event: RecordEvent, cluster: dict[str, Any] | None, steps: Sequence[dict[str, Any]]) -> Failure | None:
    if event.failure is not None:
        return describe_failure(event.failure, cluster, steps)
    for step in steps:
        if step["Status"]["State"] != "COMPLETED":
            return describe_failure(StateFailure(f"Run step {step['Name']}", "States.TaskFailed"), cluster, steps)
    return None


def _ended(cluster: dict[str, Any] | None, now: datetime.datetime) -> datetime.datetime:
    ended: datetime.datetime = cluster["Status"].get("Timeline", {}).get("EndDateTime", now) if cluster else now
    return ended


def _step_run(step: dict[str, Any]) -> StepRun:
    timeline = step["Status"].get("Timeline", {})
    return StepRun(
        id=step["Id"],
        name=step["Name"],
        state=step["Status"]["State"],
        started=timeline.get("StartDateTime"),
        ended=timeline.get("EndDateTime"),
    )


def _used(intervals: Iterable[Interval]) -> list[InstancesUsed]:
    seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for interval in intervals:
        seconds[interval.instance_type, interval.market].append(interval.seconds)
    return [
        InstancesUsed(instance_type=name, market=market, count=len(each), seconds=round(sum(each), 3))
        for (name, market), each in sorted(seconds.items())
    ]


def _dollars(cost: Cost) -> Dollars:
    ec2, emr, ebs, total = (float(round(part, _CENTS)) for part in (cost.ec2, cost.emr, cost.ebs, cost.total))
    return Dollars(ec2=ec2, emr=emr, ebs=ebs, total=total)

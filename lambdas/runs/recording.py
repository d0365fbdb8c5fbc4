"""Make the record of a run: read its clusters back from EMR, price them, judge whether the work was done."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdas.documents import part, text
from lambdas.failures.case import Case
from lambdas.failures.diagnose import diagnose
from lambdas.failures.explain import explain
from lambdas.failures.verdict import Known, Verdict, judge
from lambdas.history.metrics import SparkMetrics
from lambdas.history.nodes import node_changes
from lambdas.history.phases import Phases, phases_of, workers_used
from lambdas.pricing import Cost, Interval, cost_of
from lambdas.runs.diagnosing import list_steps
from lambdas.runs.events import RecordEvent, StateFailure
from lambdas.runs.record import Dollars, InstancesUsed, RunRecord, StateRun, Status, StepRun
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Market

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

_CENTS = 6


def make_record(
    event: RecordEvent,
    emr: "EMRClient",
    catalogue: Catalogue,
    now: datetime.datetime,
    spark: Sequence[SparkMetrics] = (),
    states: Sequence[StateRun] = (),
    status: Status = "FAILED",
) -> RunRecord:
    """Make the record of a run.

    A run without a failure still counts as failed when the steps of its last attempt were not all completed.

    Parameters
    ----------
    event
        What the machine knows.
    emr
        The client.
    catalogue
        Prices.
    now
        The end of what has not ended yet; with a time zone.
    spark
        What the event logs of the run say.
    states
        What its execution went through.
    status
        Of a run that did not succeed.
    """
    cluster_id = event.cluster_id or (event.diagnosis or {}).get("cluster_id")
    cluster: dict[str, Any] | None = None
    if cluster_id:
        cluster = dict(emr.describe_cluster(ClusterId=cluster_id)["Cluster"])
    steps = list_steps(emr, cluster_id) if cluster_id else []
    instances = {each: _instances(emr, each) for each in _clusters(event, cluster_id)}
    volumes = event.plan.cluster.volume_gib if event.plan else {}
    intervals = [interval for each in instances.values() for interval in _intervals(each, volumes, now)]
    nodes = _by_role(emr, cluster, instances[cluster["Id"]]) if cluster else {}
    failure = event.failure or _unnoticed_failure(event, cluster, steps)
    return RunRecord(
        run=event.execution.name,
        job=event.job,
        execution=event.execution.id,
        status=status if failure else "SUCCEEDED",
        started=event.execution.started,
        ended=_ended(cluster, now),
        input=event.plan.input if event.plan else None,
        cluster_id=cluster_id,
        cluster_state=cluster["Status"]["State"] if cluster else None,
        cluster_ids=list(instances),
        instances=_used(intervals),
        steps=[_step_run(step) for step in steps],
        phases=phases_of(cluster, steps) if cluster else Phases(),
        workers=workers_used(cluster, steps, [*nodes["CORE"], *nodes["TASK"]]) if cluster else None,
        nodes=node_changes(cluster, nodes) if cluster else [],
        spark=list(spark),
        cost=_dollars(cost_of(intervals, catalogue)),
        error=failure.error if failure else None,
        cause=failure.cause if failure else None,
        failed_state=failure.state if failure else None,
        diagnosis=event.diagnosis,
        plan=event.plan,
        states=list(states),
    )


def _clusters(event: RecordEvent, last: str | None) -> list[str]:
    earlier = [attempt.cluster_id for attempt in event.plan.earlier] if event.plan else []
    return list(dict.fromkeys(cluster_id for cluster_id in (*earlier, last) if cluster_id))


def _unnoticed_failure(
    event: RecordEvent, cluster: dict[str, Any] | None, steps: Sequence[dict[str, Any]]
) -> StateFailure | None:
    planned = event.plan.steps_left if event.plan else None
    verdict = judge(cluster, steps, planned, Known.COMPLETED)
    if verdict is Verdict.SUCCEEDED:
        return None
    step = next((step for step in steps if step["Status"]["State"] != "COMPLETED"), None)
    # The machine has ended the cluster; what that shows is no reason why a step failed by itself.
    failed = text(part(step, "Status"), "State") == "FAILED"
    diagnosis = diagnose(Case(None if failed else cluster, step))
    where = f"step {step['Name']!r}" if step else "the run's steps"
    explained = explain(
        diagnosis.failure_class,
        f"{where} on cluster {event.cluster_id}; its states mean: {verdict.value}.",
        evidence=diagnosis.evidence,
        log_address=text(part(part(step, "Status"), "FailureDetails"), "LogFile"),
        run=event.execution.name,
    )
    return StateFailure("Record run", explained.error, explained.cause)


def _instances(emr: "EMRClient", cluster_id: str, **only: Any) -> list[dict[str, Any]]:
    pages = emr.get_paginator("list_instances").paginate(ClusterId=cluster_id, **only)
    return [dict[str, Any](instance) for page in pages for instance in page["Instances"]]


def _by_role(
    emr: "EMRClient", cluster: Mapping[str, Any], instances: Iterable[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Return the nodes of a cluster by role, which ListInstances does not show but can be asked for."""
    is_fleet = cluster.get("InstanceCollectionType") == "INSTANCE_FLEET"
    roles: dict[str, str] = {}
    for role in ("MASTER", "CORE"):
        asked = {"InstanceFleetType": role} if is_fleet else {"InstanceGroupTypes": [role]}
        roles |= {instance["Id"]: role for instance in _instances(emr, cluster["Id"], **asked)}
    nodes: dict[str, list[dict[str, Any]]] = {"MASTER": [], "CORE": [], "TASK": []}
    for instance in instances:
        nodes[roles.get(instance["Id"], "TASK")].append(instance)
    return nodes


def _intervals(
    instances: Iterable[dict[str, Any]], volumes: Mapping[str, int], now: datetime.datetime
) -> list[Interval]:
    """Return what is paid for; a primary of a worker's type is taken to have a worker's volumes."""
    intervals = []
    for instance in instances:
        timeline = instance["Status"].get("Timeline", {})
        created = timeline.get("CreationDateTime")
        if created is None or "Ec2InstanceId" not in instance:
            continue
        seconds = (timeline.get("EndDateTime", now) - created).total_seconds()
        market: Market = "spot" if instance.get("Market") == "SPOT" else "on_demand"
        name = instance["InstanceType"]
        intervals.append(Interval(name, market, max(seconds, 0.0), volumes.get(name)))
    return intervals


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

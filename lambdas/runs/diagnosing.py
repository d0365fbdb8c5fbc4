"""Find out why an attempt failed: the cluster and its steps as EMR shows them, the logs, and what they say together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lambdas.clusters.find import ANY_STATE, cluster_in_cause, find_clusters
from lambdas.documents import parse_object, part, text
from lambdas.failures.case import Case
from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.diagnose import Diagnosis, diagnose
from lambdas.failures.verdict import ENDING, FAILURE_CODES, Known, Verdict, judge
from lambdas.logs.read import Logs, read_bootstrap_logs, read_step_logs
from lambdas.runs.events import DiagnoseEvent, StateFailure
from lambdas.runs.plan import ClusterRequest

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_s3 import S3Client

CREATE_STATE = "Create cluster"
STEP_STATE = "Run step "
ADDING_STATE = "Add step "
TIMEOUT_ERROR = "States.Timeout"
_EMR_ERRORS = "EMR."
_FAILED_STATES = frozenset({"FAILED", "CANCELLED", "INTERRUPTED", "CANCEL_PENDING"})

# What EMR says of a step for a cluster that somebody has ended meanwhile.
_ENDED_MEANWHILE = re.compile("shutting down, terminated, or finished")


@dataclass(frozen=True)
class Findings:
    """What is known of a failed attempt.

    Attributes
    ----------
    cluster, steps
        As EMR describes them; the cluster is ``None`` when there never was one.
    step
        The step that failed, if one did.
    """

    cluster: Mapping[str, Any] | None
    steps: Sequence[Mapping[str, Any]]
    step: Mapping[str, Any] | None
    logs: Logs
    verdict: Verdict
    diagnosis: Diagnosis

    @property
    def cluster_id(self) -> str | None:
        """The cluster's id."""
        return text(self.cluster, "Id") or None

    @property
    def is_ending(self) -> bool:
        """Whether no cluster is left that lives."""
        return self.cluster is None or text(part(self.cluster, "Status"), "State") in ENDING

    @property
    def completed(self) -> set[str]:
        """The names of the steps that were completed."""
        return {text(step, "Name") for step in self.steps if _state(step) == "COMPLETED"}


def examine(event: DiagnoseEvent, emr: "EMRClient", s3: "S3Client") -> Findings:
    """Look at a failed attempt.

    Parameters
    ----------
    event
        What the machine knows. When creating the cluster failed it does not know the cluster's id, so the cluster is
        looked for in the failure's cause and by its tag.
    emr, s3
        The clients.
    """
    cluster_id = event.cluster_id or _lost_cluster(event, emr)
    cluster = dict(emr.describe_cluster(ClusterId=cluster_id)["Cluster"]) if cluster_id else None
    steps = list_steps(emr, cluster_id) if cluster_id else []
    step = _failed_step(event.failure, steps)
    logs = _logs(s3, cluster, step)
    planned = event.plan.steps_left if event.plan else None
    verdict = judge(cluster, steps, planned, Known.FAILED)
    diagnosis = _diagnose(event, emr, cluster, step, logs)
    return Findings(cluster, steps, step, logs, verdict, diagnosis)


def list_steps(emr: "EMRClient", cluster_id: str) -> list[dict[str, Any]]:
    """Return a cluster's steps in the order of their submission; ListSteps answers newest first.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSteps.html
    """
    pages = emr.get_paginator("list_steps").paginate(ClusterId=cluster_id)
    return [dict(step) for page in pages for step in page["Steps"]][::-1]


def _lost_cluster(event: DiagnoseEvent, emr: "EMRClient") -> str | None:
    named = cluster_in_cause(event.failure.cause)
    if named:
        return named
    earlier = {attempt.cluster_id for attempt in event.plan.earlier} if event.plan else set()
    found = find_clusters(emr, event.execution.id, event.execution.started, ANY_STATE)
    return next((cluster.id for cluster in found if cluster.id not in earlier), None)


def _failed_step(failure: StateFailure, steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the step that failed: as the machine saw it, else as EMR lists it now.

    The machine may have been waiting for another one, which was cancelled because this one failed.
    """
    seen = part(parse_object(failure.cause), "Step")
    if _state(seen) == "FAILED":
        return seen
    failed = next((step for step in steps if _state(step) == "FAILED"), None)
    if failed or seen or failure.state.startswith(ADDING_STATE):
        return failed or seen or None
    name = failure.state.removeprefix(STEP_STATE)
    named = [step for step in steps if text(step, "Name") == name]
    unfinished = [step for step in steps if _state(step) in _FAILED_STATES]
    started = [step for step in unfinished if part(part(step, "Status"), "Timeline").get("StartDateTime")]
    return next(iter(named[-1:] or started[-1:] or unfinished[-1:]), None)


def _logs(s3: "S3Client", cluster: Mapping[str, Any] | None, step: Mapping[str, Any] | None) -> Logs:
    address, cluster_id = text(cluster, "LogUri"), text(cluster, "Id")
    if not address:
        return Logs()
    if step is not None:
        logs = read_step_logs(s3, address, cluster_id, text(step, "Id"))
        # Only a step that ran and failed is sure to leave logs.
        return logs if _state(step) == "FAILED" else replace(logs, has_arrived=True)
    if _code(cluster) == "BOOTSTRAP_FAILURE":
        return read_bootstrap_logs(s3, address, cluster_id)
    return Logs()


def _diagnose(
    event: DiagnoseEvent,
    emr: "EMRClient",
    cluster: Mapping[str, Any] | None,
    step: Mapping[str, Any] | None,
    logs: Logs,
) -> Diagnosis:
    failure, code = event.failure, _code(cluster)
    if failure.error == TIMEOUT_ERROR:
        return _timed_out(event, emr, cluster, step, logs)
    if failure.error.startswith(_EMR_ERRORS) and code not in FAILURE_CODES:
        if _ENDED_MEANWHILE.search(failure.cause):
            return Diagnosis(FailureClass.CANCELLED_OR_KILLED, Action.FAIL_NOW, 0.9, (failure.cause,))
        return diagnose(Case(None, None, f"{failure.error}: {failure.cause}"))
    # The machine ends the cluster itself after a failure; that is no reason of the failure.
    is_ours = code == "USER_REQUEST" and _state(step) not in _FAILED_STATES - {"FAILED"}
    # That a cluster which failed takes no more steps is no reason either.
    says_nothing = parse_object(failure.cause) or _ENDED_MEANWHILE.search(failure.cause)
    words = "" if says_nothing else f"{failure.error}: {failure.cause}"
    return diagnose(Case(None if is_ours else cluster, step, "\n".join(filter(None, (logs.text, words)))))


def _timed_out(
    event: DiagnoseEvent,
    emr: "EMRClient",
    cluster: Mapping[str, Any] | None,
    step: Mapping[str, Any] | None,
    logs: Logs,
) -> Diagnosis:
    if event.failure.state != CREATE_STATE:
        seen = diagnose(Case(None, None, logs.text)).evidence if logs.text else ()
        name = text(step, "Name")
        was = f", while step {name!r} was running" if step and event.failure.state != f"{STEP_STATE}{name}" else ""
        what = f"{event.failure.state!r} did not end within its timeout{was}"
        return Diagnosis(FailureClass.TIMEOUT, Action.FAIL_NOW, 0.95, (what, *seen))
    if cluster is not None and event.plan is not None and _lacked(emr, text(cluster, "Id"), event.plan.cluster):
        what = "The cluster was still waiting for EC2 capacity when start_timeout had passed"
        return Diagnosis(FailureClass.CAPACITY_SHORTAGE, Action.NEXT_CAPACITY, 0.9, (what,))
    what = "The cluster had its instances, but was not ready within start_timeout"
    return Diagnosis(FailureClass.TIMEOUT, Action.NEXT_CAPACITY, 0.8, (what,))


def _lacked(emr: "EMRClient", cluster_id: str, request: ClusterRequest) -> bool:
    """Say whether a fleet or group that the cluster cannot do without never got all its instances."""
    paginator = emr.get_paginator("list_instances")
    for pool in request.pools:
        if pool.role == "TASK":
            continue
        if request.instance_groups:
            pages = paginator.paginate(ClusterId=cluster_id, InstanceGroupTypes=[pool.role])
        else:
            pages = paginator.paginate(ClusterId=cluster_id, InstanceFleetType=pool.role)
        launched = sum("Ec2InstanceId" in instance for page in pages for instance in page["Instances"])
        if launched < pool.units:
            return True
    return False


def _state(step: Mapping[str, Any] | None) -> str:
    return text(part(step, "Status"), "State")


def _code(cluster: Mapping[str, Any] | None) -> str:
    return text(part(part(cluster, "Status"), "StateChangeReason"), "Code")

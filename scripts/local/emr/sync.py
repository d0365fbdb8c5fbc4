"""How Step Functions uses EMR: the `elasticmapreduce` integrations, with and without `.sync`.

"Create and manage Amazon EMR clusters with Step Functions",
https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html.
"""

import contextlib
import copy
import json
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

from scripts.local.emr.clock import Clock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.model import Params

YOUNG_POLL_SECONDS = 60.0
YOUNG_SECONDS = 600.0
OLD_POLL_SECONDS = 300.0
"""A `.sync` task is polled every 60 seconds for the first 10 minutes, then every 300 seconds:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html."""

STOP_CHECK_SECONDS = 5.0
"""How often a waiting task looks whether its execution was stopped. Our choice."""

EMR_ERROR = "EMR.AmazonElasticMapReduceException"
TASK_FAILED = "States.TaskFailed"
RUNTIME_ERROR = "States.Runtime"
TIMEOUT_ERROR = "States.Timeout"

_ENDED = frozenset({"TERMINATED", "TERMINATED_WITH_ERRORS"})
_UNSUCCESSFUL_STEPS = frozenset({"FAILED", "CANCELLED", "INTERRUPTED"})
_SYNC_ACTIONS = frozenset({"createCluster", "addStep", "terminateCluster"})
_MILLISECONDS = 1000


class IntegrationError(Exception):
    """The task failed.

    Parameters
    ----------
    error
        `EMR.AmazonElasticMapReduceException` for an API error, `States.TaskFailed` for a cluster or step that failed,
        `States.Runtime` for arguments the integration does not take.
    cause
        The API error's text, or the JSON of DescribeCluster or DescribeStep with times in epoch milliseconds.
    """

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class IntegrationTimeout(IntegrationError):  # noqa: N818 - a timeout, as States.Timeout names it
    """The task's `TimeoutSeconds` have passed."""

    def __init__(self, cause: str = "") -> None:
        super().__init__(TIMEOUT_ERROR, cause)


class IntegrationStopped(Exception):  # noqa: N818 - nothing failed
    """The execution was stopped while the task was waiting."""


def run_integration(
    engine: EmrEngine,
    clock: Clock,
    resource_action: str,
    sync: bool,
    arguments: Params,
    timeout_seconds: float | None,
    stopped: Callable[[], bool],
) -> dict[str, Any]:
    """Run one task state.

    A stopped execution, and one whose task timed out, gets its running step cancelled, best effort. Its cluster is left
    alone: "Step Functions does not terminate an Amazon EMR cluster automatically if execution is stopped"
    (https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html).

    Parameters
    ----------
    engine, clock
        The EMR and its time.
    resource_action
        `createCluster`, `addStep`, `terminateCluster`, `cancelStep`, `setClusterTerminationProtection`,
        `modifyInstanceFleetByName` or `modifyInstanceGroupByName`.
    sync
        Whether the resource ends in `.sync`: wait for the cluster or step.
    arguments
        The state's Arguments or Parameters, evaluated.
    timeout_seconds
        The state's TimeoutSeconds: virtual seconds from now, or `None`.
    stopped
        Says whether the execution was stopped; looked at while waiting.

    Returns
    -------
    dict
        The task's result, times in epoch milliseconds.

    Raises
    ------
    IntegrationError
        The task failed.
    IntegrationTimeout
        It took too long.
    IntegrationStopped
        The execution was stopped.
    """
    if resource_action not in _ACTIONS or (sync and resource_action not in _SYNC_ACTIONS):
        suffix = ".sync" if sync else ""
        raise IntegrationError(RUNTIME_ERROR, f"elasticmapreduce:{resource_action}{suffix} is not supported.")
    task = _Task(engine, clock, timeout_seconds, stopped)
    return _ACTIONS[resource_action](task, copy.deepcopy(arguments), sync)


def poll_interval(waited_seconds: float) -> float:
    """Return the seconds until the next poll of a task that has waited so long."""
    return YOUNG_POLL_SECONDS if waited_seconds < YOUNG_SECONDS else OLD_POLL_SECONDS


class _Task:
    """One running task: its calls and its waiting."""

    def __init__(
        self, engine: EmrEngine, clock: Clock, timeout_seconds: float | None, stopped: Callable[[], bool]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._stopped = stopped
        self._start = clock.now()
        self._deadline = None if timeout_seconds is None else self._start + timeout_seconds

    def call(self, action: str, params: Params) -> Params:
        """Call EMR; an error becomes the integration's."""
        try:
            return self._engine.call(action, params)
        except EmrApiError as error:
            raise IntegrationError(EMR_ERROR, self._cause(error)) from error

    def wait_for(self, read: Callable[[], Params], over: Callable[[Params], bool]) -> Params:
        """Poll until what is read is over. Being throttled only costs the poll."""
        while True:
            self._sleep_until(self._clock.now() + poll_interval(self._clock.now() - self._start))
            try:
                found = read()
            except EmrApiError as error:
                if error.code != "ThrottlingException":
                    raise IntegrationError(EMR_ERROR, self._cause(error)) from error
                continue
            if over(found):
                return found

    def read_cluster(self, cluster_id: str) -> Params:
        """Describe a cluster."""
        return self._engine.call("DescribeCluster", {"ClusterId": cluster_id})

    def read_step(self, cluster_id: str, step_id: str) -> Params:
        """Describe a step."""
        return self._engine.call("DescribeStep", {"ClusterId": cluster_id, "StepId": step_id})

    def cancel_step(self, cluster_id: str, step_id: str) -> None:
        """Cancel a step nobody waits for any more, if EMR lets us."""
        with contextlib.suppress(EmrApiError):
            self._engine.call("CancelSteps", {"ClusterId": cluster_id, "StepIds": [step_id]})

    def _sleep_until(self, moment: float) -> None:
        while True:
            now = self._clock.now()
            if self._stopped():
                raise IntegrationStopped
            if self._deadline is not None and now >= self._deadline:
                raise IntegrationTimeout
            if now >= moment:
                return
            until = moment if self._deadline is None else min(moment, self._deadline)
            self._clock.sleep(min(STOP_CHECK_SECONDS, until - now))

    def _cause(self, error: EmrApiError) -> str:
        status = 500 if error.code.startswith("Internal") else 400
        request = uuid.uuid5(uuid.NAMESPACE_URL, f"{self._clock.now()}/{error}")
        return (
            f"{error.message} (Service: AmazonElasticMapReduce; Status Code: {status}; Error Code: {error.code}; "
            f"Request ID: {request}; Proxy: null)"
        )


def _create_cluster(task: _Task, arguments: Params, sync: bool) -> Params:
    if "Steps" in arguments:
        _refuse("The field 'Steps' is not supported by createCluster: add steps with addStep.")
    if arguments.get("Instances", {}).get("KeepJobFlowAliveWhenNoSteps") is not True:
        _refuse("The field 'Instances.KeepJobFlowAliveWhenNoSteps' is required and must be true.")
    made = task.call("RunJobFlow", arguments)
    cluster_id = made["JobFlowId"]
    if not sync:
        return {"ClusterId": cluster_id, "ClusterArn": made["ClusterArn"]}
    found = task.wait_for(
        lambda: task.read_cluster(cluster_id), lambda found: _cluster_state(found) in {"WAITING", *_ENDED}
    )
    if _cluster_state(found) in _ENDED:
        raise IntegrationError(TASK_FAILED, json.dumps(_in_milliseconds(found)))
    return {"ClusterId": cluster_id} | _in_milliseconds(found)


def _add_step(task: _Task, arguments: Params, sync: bool) -> Params:
    _require(arguments, "ClusterId", "Step", optional=("ExecutionRoleArn",))
    cluster_id = arguments["ClusterId"]
    role = {key: arguments[key] for key in ("ExecutionRoleArn",) if key in arguments}
    added = task.call("AddJobFlowSteps", {"JobFlowId": cluster_id, "Steps": [arguments["Step"]]} | role)
    step_id = added["StepIds"][0]
    if not sync:
        return {"StepId": step_id}
    try:
        found = task.wait_for(
            lambda: task.read_step(cluster_id, step_id),
            lambda found: _step_state(found) in {"COMPLETED", *_UNSUCCESSFUL_STEPS},
        )
    except (IntegrationTimeout, IntegrationStopped):
        task.cancel_step(cluster_id, step_id)
        raise
    if _step_state(found) in _UNSUCCESSFUL_STEPS:
        raise IntegrationError(TASK_FAILED, json.dumps(_in_milliseconds(found)))
    return _in_milliseconds(found)


def _terminate_cluster(task: _Task, arguments: Params, sync: bool) -> Params:
    _require(arguments, "ClusterId")
    cluster_id = arguments["ClusterId"]
    task.call("TerminateJobFlows", {"JobFlowIds": [cluster_id]})
    if not sync:
        return {}
    found = task.wait_for(lambda: task.read_cluster(cluster_id), lambda found: _cluster_state(found) in _ENDED)
    return _in_milliseconds(found)


def _cancel_step(task: _Task, arguments: Params, sync: bool) -> Params:  # noqa: ARG001
    _require(arguments, "ClusterId", "StepId")
    answer = task.call("CancelSteps", {"ClusterId": arguments["ClusterId"], "StepIds": [arguments["StepId"]]})
    return {"CancelStepsInfo": answer["CancelStepsInfoList"][0]}


def _set_protection(task: _Task, arguments: Params, sync: bool) -> Params:  # noqa: ARG001
    _require(arguments, "ClusterId", "TerminationProtected")
    protected = arguments["TerminationProtected"]
    task.call("SetTerminationProtection", {"JobFlowIds": [arguments["ClusterId"]], "TerminationProtected": protected})
    return {}


def _modify_fleet(task: _Task, arguments: Params, sync: bool) -> Params:  # noqa: ARG001
    _require(arguments, "ClusterId", "InstanceFleetName", "InstanceFleet")
    cluster = {"ClusterId": arguments["ClusterId"]}
    fleets = task.call("ListInstanceFleets", cluster)["InstanceFleets"]
    named = {"InstanceFleetId": _id_by_name(fleets, arguments["InstanceFleetName"])}
    task.call("ModifyInstanceFleet", cluster | {"InstanceFleet": arguments["InstanceFleet"] | named})
    return {}


def _modify_group(task: _Task, arguments: Params, sync: bool) -> Params:  # noqa: ARG001
    _require(arguments, "ClusterId", "InstanceGroupName", "InstanceGroup")
    cluster = {"ClusterId": arguments["ClusterId"]}
    groups = task.call("ListInstanceGroups", cluster)["InstanceGroups"]
    named = {"InstanceGroupId": _id_by_name(groups, arguments["InstanceGroupName"])}
    task.call("ModifyInstanceGroups", cluster | {"InstanceGroups": [arguments["InstanceGroup"] | named]})
    return {}


_ACTIONS: dict[str, Callable[[_Task, Params, bool], Params]] = {
    "createCluster": _create_cluster,
    "addStep": _add_step,
    "terminateCluster": _terminate_cluster,
    "cancelStep": _cancel_step,
    "setClusterTerminationProtection": _set_protection,
    "modifyInstanceFleetByName": _modify_fleet,
    "modifyInstanceGroupByName": _modify_group,
}


def _require(arguments: Params, *names: str, optional: tuple[str, ...] = ()) -> None:
    for name in names:
        if name not in arguments:
            _refuse(f"The field '{name}' is required.")
    for name in arguments:
        if name not in names + optional:
            _refuse(f"The field '{name}' is not supported by Step Functions.")


def _refuse(cause: str) -> NoReturn:
    raise IntegrationError(RUNTIME_ERROR, cause)


def _id_by_name(pools: list[Params], name: str) -> str:
    for pool in pools:
        if pool.get("Name") == name:
            return str(pool["Id"])
    raise IntegrationError(EMR_ERROR, f"There is no instance fleet or group named '{name}'.")


def _cluster_state(found: Params) -> str:
    return str(found["Cluster"]["Status"]["State"])


def _step_state(found: Params) -> str:
    return str(found["Step"]["Status"]["State"])


def _in_milliseconds(shown: Params) -> Params:
    """Return a description with its times as Step Functions shows them."""
    for described in shown.values():
        timeline = described["Status"]["Timeline"]
        for name, seconds in timeline.items():
            timeline[name] = round(seconds * _MILLISECONDS)
    return shown

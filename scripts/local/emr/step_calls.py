"""API calls about steps."""

import copy
from collections.abc import Callable

from scripts.local.emr import describe
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.lookup import by_cluster_id, by_job_flow_id, find_step, modifiable
from scripts.local.emr.model import Cluster, Params, Step
from scripts.local.emr.paging import page
from scripts.local.emr.steps import add_steps, cancel
from scripts.local.emr.validation import validate_steps
from scripts.local.emr.world import World

LISTED_IDS_MAX = 10
"""StepIds of https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSteps.html."""
CANCELLED_IDS_MAX = 256
"""https://docs.aws.amazon.com/emr/latest/APIReference/API_CancelSteps.html."""


def add_job_flow_steps(world: World, params: Params) -> Params:
    """Queue steps."""
    cluster = modifiable(by_job_flow_id(world, params["JobFlowId"]))
    validate_steps(params["Steps"], concurrency=cluster.concurrency, active=len(cluster.active_steps()))
    steps = add_steps(world, cluster, copy.deepcopy(params["Steps"]), params.get("ExecutionRoleArn"))
    return {"StepIds": [step.id for step in steps]}


def describe_step(world: World, params: Params) -> Params:
    """Describe one step."""
    cluster = by_cluster_id(world, params["ClusterId"])
    return {"Step": describe.step(find_step(cluster, params["StepId"]))}


def list_steps(world: World, params: Params) -> Params:
    """List steps: newest first, or in the order of submission if they are chosen by id or state.

    "Provides a list of steps for the cluster in reverse order unless you specify stepIds with the request or filter by
    StepStates": https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSteps.html.
    """
    cluster = by_cluster_id(world, params["ClusterId"])
    ids, states = params.get("StepIds"), params.get("StepStates")
    if ids and len(ids) > LISTED_IDS_MAX:
        raise EmrApiError("InvalidRequestException", f"At most {LISTED_IDS_MAX} StepIds may be given.")
    chosen = [
        step
        for step in (cluster.steps if ids or states else reversed(cluster.steps))
        if (not ids or step.id in ids) and (not states or step.state.value in states)
    ]
    shown, following = page(chosen, params.get("Marker"))
    return {"Steps": [describe.step_summary(step) for step in shown]} | following


def cancel_steps(world: World, params: Params) -> Params:
    """Cancel pending and running steps, which takes a while for the latter."""
    cluster = by_cluster_id(world, params["ClusterId"])
    if len(params["StepIds"]) > CANCELLED_IDS_MAX:
        raise EmrApiError("InvalidRequestException", f"At most {CANCELLED_IDS_MAX} StepIds may be given.")
    steps = [find_step(cluster, step_id) for step_id in params["StepIds"]]
    return {"CancelStepsInfoList": [_cancel(world, cluster, step) for step in steps]}


CALLS: dict[str, Callable[[World, Params], Params]] = {
    "AddJobFlowSteps": add_job_flow_steps,
    "DescribeStep": describe_step,
    "ListSteps": list_steps,
    "CancelSteps": cancel_steps,
}


def _cancel(world: World, cluster: Cluster, step: Step) -> Params:
    if cancel(world, cluster, step):
        return {"StepId": step.id, "Status": "SUBMITTED"}
    return {"StepId": step.id, "Status": "FAILED", "Reason": f"The step is already {step.state.value}."}

"""The calls of EMR that Step Functions offers by itself: which there are, and what each takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from scripts.certify.static.graph import State
from scripts.checking.definition_shapes import Structure, structure

# A Task's call of EMR or of an API of the AWS SDK; partition and region may be placeholders.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
_CALL = re.compile(
    r"^arn:.+?:states:.*?:(?P<service>elasticmapreduce|aws-sdk:[\w-]+):(?P<action>\w+)(?P<pattern>[.:].*)?$"
)

NATIVE_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html"
AWAITED_ACTIONS = ("createCluster", "terminateCluster", "addStep")


@dataclass(frozen=True)
class Call:
    """What a Task's Resource calls.

    Attributes
    ----------
    service
        ``elasticmapreduce``, or the name of a service after ``aws-sdk:``.
    action, pattern
        As in ``createCluster.sync``; the pattern is ``.sync``, ``.waitForTaskToken`` or nothing.
    is_native
        Whether it is Step Functions' own integration of EMR.
    """

    service: str
    action: str
    pattern: str
    is_native: bool


def call_of(state: State) -> Call | None:
    """Return what a Task calls of EMR or through the AWS SDK; ``None`` for everything else."""
    found = _CALL.match(str(state.body.get("Resource", ""))) if state.type == "Task" else None
    if not found:
        return None
    service = found["service"].removeprefix("aws-sdk:")
    return Call(service, found["action"], found["pattern"] or "", service == found["service"])


@cache
def native_requests() -> Mapping[str, Structure]:
    """Return what each action of the EMR integration takes."""
    cluster = {"ClusterId": _member("DescribeCluster", "ClusterId")}
    text = cluster["ClusterId"]
    step = {
        "Step": _member("AddJobFlowSteps", "Steps").member,
        "ExecutionRoleArn": _member("AddJobFlowSteps", "ExecutionRoleArn"),
    }
    protected = _member("SetTerminationProtection", "TerminationProtected")
    fleet = structure(_member("ModifyInstanceFleet", "InstanceFleet")).without("InstanceFleetId")
    group = structure(_member("ModifyInstanceGroups", "InstanceGroups").member).without("InstanceGroupId")
    return {
        "createCluster": structure(_emr().operation_model("RunJobFlow").input_shape),
        "setClusterTerminationProtection": _all_of(cluster | {"TerminationProtected": protected}),
        "terminateCluster": _all_of(cluster),
        "addStep": Structure(cluster | step, frozenset({"ClusterId", "Step"})),
        "cancelStep": _all_of(cluster | {"StepId": text}),
        "modifyInstanceFleetByName": _all_of(cluster | {"InstanceFleetName": text, "InstanceFleet": fleet}),
        "modifyInstanceGroupByName": _all_of(cluster | {"InstanceGroupName": text, "InstanceGroup": group}),
    }


@cache
def _emr() -> ServiceModel:
    return botocore.session.get_session().get_service_model("emr")


def _member(operation: str, name: str) -> Any:
    return structure(_emr().operation_model(operation).input_shape).members[name]


def _all_of(members: Mapping[str, Any]) -> Structure:
    return Structure(members, frozenset(members))

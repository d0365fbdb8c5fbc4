"""An engine on a virtual clock whose every answer is held against botocore's model, and requests to start from."""

import copy
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.faults import Faults
from scripts.local.emr.runner import ScriptedRunner, ScriptedStep, StepOutcome
from scripts.local.emr.shapes import service_model

READY_SECONDS = 390.0
END_SECONDS = 90.0
STEP_SECONDS = 120.0

FAILS = ScriptedStep(
    60, StepOutcome(succeeded=False, reason="Unknown Error.", message="exit 1", log_file="s3://l/x.gz")
)


class Lab:
    """A clock, an engine on it, and short names for what tests do most."""

    def __init__(self, script: Mapping[str, ScriptedStep] | None = None, faults: Faults | None = None) -> None:
        self.clock = VirtualClock()
        self.faults = Faults() if faults is None else faults
        self.events: list[dict[str, Any]] = []
        runner = ScriptedRunner(self.clock, script, seconds=STEP_SECONDS)
        self.engine = EmrEngine(self.clock, runner, self.faults, self.events.append)
        self.start = self.clock.now()

    def call(self, action: str, **params: Any) -> dict[str, Any]:
        sent = copy.deepcopy(params)
        answer = self.engine.call(action, params)
        assert params == sent, "the engine changed its parameters"
        assert_matches(service_model().operation_model(action).output_shape, answer, action)
        return answer

    def run(self, request: dict[str, Any]) -> str:
        return str(self.call("RunJobFlow", **request)["JobFlowId"])

    def ready(self, request: dict[str, Any] | None = None) -> str:
        cluster_id = self.run(groups() if request is None else request)
        self.clock.sleep(READY_SECONDS)
        return cluster_id

    def add(self, cluster_id: str, *configs: dict[str, Any]) -> list[str]:
        return list(self.call("AddJobFlowSteps", JobFlowId=cluster_id, Steps=list(configs))["StepIds"])

    def cluster(self, cluster_id: str) -> dict[str, Any]:
        return dict(self.call("DescribeCluster", ClusterId=cluster_id)["Cluster"])

    def status(self, cluster_id: str) -> dict[str, Any]:
        return dict(self.cluster(cluster_id)["Status"])

    def state(self, cluster_id: str) -> str:
        return str(self.status(cluster_id)["State"])

    def reason(self, cluster_id: str) -> dict[str, Any]:
        return dict(self.status(cluster_id)["StateChangeReason"])

    def step(self, cluster_id: str, step_id: str) -> dict[str, Any]:
        return dict(self.call("DescribeStep", ClusterId=cluster_id, StepId=step_id)["Step"])

    def step_state(self, cluster_id: str, step_id: str) -> str:
        return str(self.step(cluster_id, step_id)["Status"]["State"])

    def step_states(self, cluster_id: str) -> list[str]:
        """States of all steps, oldest first."""
        steps = self.call("ListSteps", ClusterId=cluster_id)["Steps"]
        return [step["Status"]["State"] for step in reversed(steps)]


def step(name: str = "work", action: str = "CONTINUE", **jar: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "ActionOnFailure": action,
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "job.py"]} | jar,
    }


def group(role: str, count: int = 1, instance_type: str = "m5.xlarge", **more: Any) -> dict[str, Any]:
    return {"Name": role, "InstanceRole": role, "InstanceType": instance_type, "InstanceCount": count} | more


def fleet(role: str, on_demand: int = 0, spot: int = 0, types: tuple[str, ...] = ("m5.xlarge",), **more: Any) -> Any:
    return {
        "Name": role,
        "InstanceFleetType": role,
        "TargetOnDemandCapacity": on_demand,
        "TargetSpotCapacity": spot,
        "InstanceTypeConfigs": [{"InstanceType": name} for name in types],
    } | more


def spot_rule(action: str, minutes: int = 10) -> dict[str, Any]:
    return {"LaunchSpecifications": {"SpotSpecification": {"TimeoutDurationMinutes": minutes, "TimeoutAction": action}}}


def request(instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Name": "nightly",
        "ReleaseLabel": "emr-7.14.0",
        "Instances": {"KeepJobFlowAliveWhenNoSteps": True} | instances,
        "ServiceRole": "EMR_DefaultRole",
        "JobFlowRole": "EMR_EC2_DefaultRole",
    } | more


def groups(*pools: dict[str, Any], keep_alive: bool = True, protected: bool = False, **more: Any) -> dict[str, Any]:
    instances = {
        "InstanceGroups": list(pools) or [group("MASTER"), group("CORE", 2)],
        "KeepJobFlowAliveWhenNoSteps": keep_alive,
        "TerminationProtected": protected,
    }
    return request(instances, **more)


def fleets(*pools: dict[str, Any], **more: Any) -> dict[str, Any]:
    return request({"InstanceFleets": list(pools) or [fleet("MASTER", 1), fleet("CORE", 2)]}, **more)


_SCALARS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "timestamp": (float,),
}


def assert_matches(shape: Shape | None, value: Any, path: str) -> None:
    """Hold an answer against the shape boto3 would parse it with: known members, right types, known values."""
    match shape:
        case None:
            assert value == {}, path
        case StructureShape():
            assert isinstance(value, dict), path
            for name, item in value.items():
                assert name in shape.members, f"{path}.{name} is not in AWS's model"
                assert_matches(shape.members[name], item, f"{path}.{name}")
        case ListShape():
            assert isinstance(value, list), path
            for index, item in enumerate(value):
                assert_matches(shape.member, item, f"{path}[{index}]")
        case MapShape():
            assert isinstance(value, dict), path
            for key, item in value.items():
                assert isinstance(key, str), path
                assert_matches(shape.value, item, f"{path}.{key}")
        case StringShape():
            assert type(value) is str, path
            assert not shape.enum or value in shape.enum, f"{path}: {value}"
        case Shape():
            assert isinstance(value, _SCALARS[shape.type_name]), path

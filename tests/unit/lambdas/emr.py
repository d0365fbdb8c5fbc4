"""The EMR engine as the Lambdas see it: behind boto3, on a virtual clock.

``Emr.client`` is for the code under test, and what it calls is kept in ``Emr.calls``; tests arrange and look at things
through the engine itself.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.clusters.find import EXECUTION_TAG
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.durations import TERMINATE_SECONDS
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.faults import Faults
from scripts.local.emr.runner import ScriptedStep

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
"""When the clock starts."""
ARN = "arn:aws:states:us-east-1:111122223333:execution:count:run-1"


@dataclass
class Emr:
    """An engine, its clock, what goes wrong, and a client of it; faults and scripts may grow while it runs."""

    engine: EmrEngine
    clock: VirtualClock
    client: "EMRClient"
    faults: Faults
    script: dict[str, ScriptedStep]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        def keep(params: dict[str, Any], model: Any, **_unused: Any) -> None:
            self.calls.append((model.name, dict(params)))

        self.client.meta.events.register("provide-client-params.emr", keep)

    def called(self, action: str) -> list[dict[str, Any]]:
        """Return the parameters of the calls of an action."""
        return [params for name, params in self.calls if name == action]

    def now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.clock.now(), datetime.UTC)

    def until(self, moment: datetime.datetime) -> None:
        """Let time pass."""
        self.clock.sleep((moment - self.now()).total_seconds())

    def run(
        self,
        execution: str | None = ARN,
        *,
        fleets: Sequence[dict[str, Any]] = (),
        steps: Sequence[str] = (),
        log_uri: str | None = None,
        **instances: Any,
    ) -> str:
        """Start a cluster, tagged with an execution unless that is ``None``; it stays when its steps are done."""
        tags = {} if execution is None else {"other": ARN, EXECUTION_TAG: execution}
        request = {
            "Name": "cluster",
            "Instances": {
                "InstanceFleets": list(fleets) or [fleet("MASTER")],
                "KeepJobFlowAliveWhenNoSteps": True,
                **instances,
            },
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
            "Steps": [_step(name) for name in steps],
        }
        logs = {} if log_uri is None else {"LogUri": log_uri}
        return str(self.engine.call("RunJobFlow", request | logs)["JobFlowId"])

    def end(self, cluster_id: str, at: datetime.datetime | None = None) -> None:
        """Terminate a cluster, so that it has ended ``at`` a moment, or as soon as it can."""
        if at is not None:
            self.until(at - datetime.timedelta(seconds=TERMINATE_SECONDS))
        ids = {"JobFlowIds": [cluster_id]}
        self.engine.call("SetTerminationProtection", {**ids, "TerminationProtected": False})
        self.engine.call("TerminateJobFlows", ids)
        self.clock.sleep(TERMINATE_SECONDS)

    def state(self, cluster_id: str) -> str:
        return str(self.engine.call("DescribeCluster", {"ClusterId": cluster_id})["Cluster"]["Status"]["State"])

    def step_ids(self, cluster_id: str) -> dict[str, str]:
        """Return the ids of a cluster's steps by name."""
        steps = self.engine.call("ListSteps", {"ClusterId": cluster_id})["Steps"]
        return {step["Name"]: step["Id"] for step in steps}


def fleet(role: str, market: str = "ON_DEMAND", instance_type: str = "m5.xlarge") -> dict[str, Any]:
    """Return a fleet of one instance."""
    target = "TargetSpotCapacity" if market == "SPOT" else "TargetOnDemandCapacity"
    return {"InstanceFleetType": role, target: 1, "InstanceTypeConfigs": [{"InstanceType": instance_type}]}


def _step(name: str) -> dict[str, Any]:
    jar = {"Jar": "command-runner.jar", "Args": ["spark-submit"]}
    return {"Name": name, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}

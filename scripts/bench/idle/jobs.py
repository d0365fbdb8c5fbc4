"""The three jobs of the bench, the cluster they all run on, and the work of their steps."""

from dataclasses import dataclass
from typing import Any

from lambdas.specs.job import Job
from scripts.local.emr.load import Load, Phase
from scripts.local.emr.runner import ScriptedStep, StepOutcome

# Half-way between two of the polls that come every 300 s: as far behind a step's end as they are on average.
LONG_SECONDS = 3 * 3600 + 150
STEP_SECONDS = 12 * 60

PRIMARY_TYPE = "m7g.xlarge"
CORE_TYPE = "r7g.2xlarge"
CORE_NODES = 4
# Two executors of four vCPUs on each core node: a step that wants them all fills the cluster.
CONTAINERS = 2 * CORE_NODES

# What plan_run would ask for; a cluster of fixed size, so that all three ways pay the same for a second.
CLUSTER: dict[str, Any] = {
    "Name": "bench-idle",
    "Ec2SubnetIds": ["subnet-00000000000000001"],
    "InstanceFleets": [
        {
            "Name": role.lower(),
            "InstanceFleetType": role,
            "TargetOnDemandCapacity": count,
            "InstanceTypeConfigs": [{"InstanceType": instance_type}],
        }
        for role, instance_type, count in (("MASTER", PRIMARY_TYPE, 1), ("CORE", CORE_TYPE, CORE_NODES))
    ],
    "Configurations": [],
    "ManagedScalingPolicy": {
        "ComputeLimits": {
            "UnitType": "InstanceFleetUnits",
            "MinimumCapacityUnits": CORE_NODES,
            "MaximumCapacityUnits": CORE_NODES,
        }
    },
}


@dataclass(frozen=True)
class BenchJob:
    """A job and how long each of its steps takes when it has the cluster to itself, in seconds."""

    job: Job
    seconds: float

    @property
    def steps(self) -> list[str]:
        """The names of the steps, in order."""
        return [step.name for step in self.job.steps]

    def script(self, failing: str | None = None) -> dict[str, ScriptedStep]:
        """Return what the steps do; one may fail, when it would have ended with the cluster to itself."""
        load: Load = (Phase(self.seconds, CONTAINERS),)
        return {
            name: ScriptedStep(self.seconds, StepOutcome(succeeded=name != failing), load=load) for name in self.steps
        }


def bench_jobs() -> list[BenchJob]:
    """Return one long step; five steps, one after another; two steps at the same time between two others."""
    numbers = ("one", "two", "three", "four", "five")
    diamond: dict[str, list[str]] = {
        "extract": [],
        "left": ["extract"],
        "right": ["extract"],
        "join": ["left", "right"],
    }
    return [
        BenchJob(_job("one-long-step", {"long": []}), LONG_SECONDS),
        BenchJob(
            _job("five-steps", {name: [*numbers[max(0, place - 1) : place]] for place, name in enumerate(numbers)}),
            STEP_SECONDS,
        ),
        BenchJob(_job("diamond", diamond), STEP_SECONDS),
    ]


def _job(name: str, needs: dict[str, list[str]]) -> Job:
    steps = [{"name": step, "script": f"{step}.py", "needs": needed, "timeout": "6h"} for step, needed in needs.items()]
    return Job.model_validate(
        {
            "name": name,
            "description": f"The bench's {name}.",
            "cluster": "spark",
            "input": "s3://${data_bucket}/landing/",
            "steps": steps,
            "limits": {"max_nodes": 1 + CORE_NODES},
        }
    )

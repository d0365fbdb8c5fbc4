"""The plan of a run: what is started, why, and what it should cost."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from lambdas.specs.cluster import Market

Count = Annotated[int, Field(ge=0)]


class PlanPart(BaseModel):
    """The base of a plan's parts: immutable, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Measured(PlanPart):
    """What lies at the input; sizes in bytes, format and codec ``mixed`` when there are several."""

    bytes: Count
    files: Count
    largest_file_bytes: Count
    format: str
    codec: str
    unsplittable_bytes: Count


class Nodes(PlanPart):
    """Nodes of one role."""

    instance_type: str
    count: Count


class Size(PlanPart):
    """The size chosen; of core and task nodes together unless a key says otherwise, memory in MiB."""

    primary: Nodes
    core: Nodes
    task: Nodes
    task_market: Market
    workers: Count
    vcpus: Count
    yarn_memory_mib: Count
    executors: Count
    executor_cores: Count
    executor_memory_mib: Count
    executor_overhead_mib: Count
    driver_memory_mib: Count
    shuffle_partitions: Count


class Estimated(PlanPart):
    """What the run should take and cost."""

    minutes: float
    usd: float


class ClusterRequest(PlanPart):
    """What of ``RunJobFlow`` depends on the run, in EMR's own names when dumped by alias."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_pascal, populate_by_name=True)

    name: str
    ec2_subnet_ids: list[str]
    instance_fleets: list[dict[str, Any]]
    configurations: list[dict[str, Any]]
    managed_scaling_policy: dict[str, Any]


class PlannedStep(PlanPart):
    """One step: its name in the job, and the arguments of EMR's ``command-runner.jar``."""

    name: str
    args: list[str]


class PlannedRung(PlanPart):
    """Another cluster for the same work, should EC2 have no capacity for the chosen one; why it may be had."""

    why: str
    size: Size
    estimate: Estimated
    cluster: ClusterRequest


class Attempt(PlanPart):
    """What an earlier attempt came to: its cluster, what failed, and what was done about it."""

    number: Count
    cluster_id: str | None
    failed_state: str
    failure_class: str
    action: str
    change: str


class Plan(PlanPart):
    """The plan of a run; dump it with ``as_document``.

    Attributes
    ----------
    attempt, attempts
        The number of this attempt, and how many there may be.
    first_step
        Where this attempt starts: the steps before it have been completed by earlier ones.
    size, estimate, receipt, cluster
        Of this attempt.
    ladder
        What is left to try when EC2 has no capacity, in order.
    earlier
        The attempts before this one.
    """

    run: str
    job: str
    input: str
    manifest: str
    measured: Measured
    attempt: Count = 1
    attempts: Count = 1
    first_step: str
    size: Size
    estimate: Estimated
    receipt: list[str]
    cluster: ClusterRequest
    steps: list[PlannedStep]
    ladder: list[PlannedRung] = []
    earlier: list[Attempt] = []

    @property
    def steps_left(self) -> list[str]:
        """The names of the steps this attempt has to run."""
        names = [step.name for step in self.steps]
        return names[names.index(self.first_step) :]

    def as_document(self) -> dict[str, Any]:
        """Return the plan as JSON types, EMR-shaped parts in EMR's names."""
        return self.model_dump(mode="json", by_alias=True)

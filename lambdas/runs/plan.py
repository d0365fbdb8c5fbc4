"""The plan of a run: what is started, why, and what it should cost."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic.alias_generators import to_pascal

from lambdas.runs.reasons import Reasons
from lambdas.specs.cluster import Market

Count = Annotated[int, Field(ge=0)]


class PlanPart(BaseModel):
    """The base of a plan's parts: immutable, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Measured(PlanPart):
    """What lies at the input; sizes in bytes, format and codec ``mixed`` when there are several.

    Attributes
    ----------
    unsplittable_bytes, unsplittable_files, largest_unsplittable_bytes
        Of the files only one task can read.
    small_files
        Files that take Spark longer to open than to read.
    partitions
        Folders ``k=v/`` with files.
    storage_classes
        Bytes by S3 storage class.
    """

    bytes: Count
    files: Count
    largest_file_bytes: Count
    format: str
    codec: str
    unsplittable_bytes: Count
    unsplittable_files: Count = 0
    largest_unsplittable_bytes: Count = 0
    small_files: Count = 0
    partitions: Count = 0
    storage_classes: dict[str, Count] = {}


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
    """What the run should take and cost.

    Attributes
    ----------
    minutes, usd
        From start to end.
    minutes_interval, usd_interval
        Between which four of five runs lie.
    runtime_seconds
        In which steps run.
    """

    minutes: float
    usd: float
    minutes_interval: tuple[float, float] | None = None
    usd_interval: tuple[float, float] | None = None
    runtime_seconds: float | None = None


@dataclass(frozen=True)
class Pool:
    """What is asked of EC2 for one role of nodes: so many units, of any of some types."""

    role: Literal["MASTER", "CORE", "TASK"]
    market: Market
    types: tuple[str, ...]
    units: int


class ClusterRequest(PlanPart):
    """What of ``RunJobFlow`` depends on the run, in EMR's own names when dumped by alias.

    There are either instance fleets or instance groups, and no managed scaling where a policy scales the groups; what
    is not there is left out when it is dumped.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_pascal, populate_by_name=True)

    name: str
    ec2_subnet_ids: list[str]
    instance_fleets: list[dict[str, Any]] = []
    instance_groups: list[dict[str, Any]] = []
    configurations: list[dict[str, Any]]
    managed_scaling_policy: dict[str, Any] = {}

    @property
    def pools(self) -> list[Pool]:
        """The fleets or groups."""
        return [_fleet_pool(fleet) for fleet in self.instance_fleets] or [
            _group_pool(group) for group in self.instance_groups
        ]

    @property
    def volume_gib(self) -> dict[str, int]:
        """What a worker has on volumes, in GiB, by instance type; none of the types that get what EMR attaches."""
        nodes = [config for fleet in self.instance_fleets for config in fleet["InstanceTypeConfigs"]]
        asked = [node for node in (*nodes, *self.instance_groups) if "EbsConfiguration" in node]
        return {node["InstanceType"]: _volume_gib(node["EbsConfiguration"]) for node in asked}

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        if bool(self.instance_fleets) == bool(self.instance_groups):
            raise ValueError("a cluster has either instance fleets or instance groups")
        return self

    @model_serializer(mode="wrap")
    def _leave_out_what_is_not_there(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        names = ("instance_fleets", "instance_groups", "managed_scaling_policy")
        empty = {each for name in names if not getattr(self, name) for each in (name, to_pascal(name))}
        return {name: value for name, value in dump(self).items() if name not in empty}


class PlannedStep(PlanPart):
    """One step: its name in the job, the arguments of EMR's ``command-runner.jar``, and where its outputs will lie."""

    name: str
    args: list[str]
    outputs: list[str] = []


class KeptStep(PlanPart):
    """A step that a replay does not run again.

    Attributes
    ----------
    outputs
        Where what it wrote lies.
    manifest, version
        The list of the objects it wrote, and the sum of digests over them.
    run
        The run in which it was completed.
    """

    name: str
    outputs: list[str] = []
    manifest: str
    version: str
    run: str


class ReplayOf(PlanPart):
    """What a replay replays.

    Attributes
    ----------
    run
        The run it replays.
    origin
        The first run of the chain.
    attempt
        Which of the origin's attempts this is: its first replay is 2.
    known
        How many replays the origin's entry named when this one was planned; ``None`` if it has no entry.
    why
        In sentences, why it runs the steps it runs, and what has changed.
    """

    run: str
    origin: str
    attempt: Annotated[int, Field(ge=2)]
    known: Count | None = None
    why: list[str] = []


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
    version
        Of the input: a sum of digests over address, size and ETag of every object.
    trigger
        ``object_created``, ``schedule``, ``event``, ``manual`` or ``replay``.
    definition, code
        Digests of the state machine's definition and of the job's folder.
    done
        The steps that earlier attempts have completed, or that a replay keeps; at least one less than all.
    kept, replay
        Of a replay: the steps it takes over, and what it replays.
    size, estimate, receipt, cluster
        Of this attempt.
    reasons
        Why the first attempt has its size.
    ladder
        What is left to try when EC2 has no capacity, in order.
    earlier
        The attempts before this one.
    """

    run: str
    job: str
    input: str
    manifest: str
    version: str | None = None
    trigger: str | None = None
    definition: str | None = None
    code: str | None = None
    measured: Measured
    attempt: Count = 1
    attempts: Count = 1
    done: list[str] = []
    kept: list[KeptStep] = []
    replay: ReplayOf | None = None
    size: Size
    estimate: Estimated
    receipt: list[str]
    reasons: Reasons | None = None
    cluster: ClusterRequest
    steps: list[PlannedStep]
    ladder: list[PlannedRung] = []
    earlier: list[Attempt] = []

    @property
    def steps_left(self) -> list[str]:
        """The names of the steps this attempt has to run."""
        return [step.name for step in self.steps if step.name not in self.done]

    def as_document(self) -> dict[str, Any]:
        """Return the plan as JSON types, EMR-shaped parts in EMR's names."""
        return self.model_dump(mode="json", by_alias=True)


def _volume_gib(configuration: dict[str, Any]) -> int:
    return sum(
        volumes["VolumesPerInstance"] * volumes["VolumeSpecification"]["SizeInGB"]
        for volumes in configuration["EbsBlockDeviceConfigs"]
    )


def _fleet_pool(fleet: dict[str, Any]) -> Pool:
    spot = fleet.get("TargetSpotCapacity", 0)
    return Pool(
        role=fleet["InstanceFleetType"],
        market="spot" if spot else "on_demand",
        types=tuple(config["InstanceType"] for config in fleet["InstanceTypeConfigs"]),
        units=fleet.get("TargetOnDemandCapacity", 0) + spot,
    )


def _group_pool(group: dict[str, Any]) -> Pool:
    return Pool(
        role=group["InstanceRole"],
        market="spot" if group.get("Market") == "SPOT" else "on_demand",
        types=(group["InstanceType"],),
        units=group["InstanceCount"],
    )

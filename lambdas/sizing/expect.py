"""What runs of some shapes take and cost, as samples."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from lambdas.inputs.measure import Measurement
from lambdas.prediction import Forecast, PastRun, Workers, forecast
from lambdas.prediction.forecast import weighted_quantiles
from lambdas.prediction.prior import Array
from lambdas.pricing.cost import HOURS_PER_MONTH
from lambdas.pricing.spot import ASSUMED_INTERRUPTIONS_PER_HOUR, expected_rework
from lambdas.sizing.choice import Outcomes
from lambdas.sizing.need import Need
from lambdas.sizing.shapes import Shape
from lambdas.sizing.speed import vcpu_speed
from lambdas.sizing.storage import worker_storage
from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import Cluster

# From the request until the first step can start. Five to ten minutes are common; AWS gives no number.
ASSUMED_PROVISION_SECONDS = 8 * 60

# From a ready cluster until Step Functions sees it: it looks every 60 seconds.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
ASSUMED_WAITING_SECONDS = 30

# From the end of the work, at which EMR ends the cluster, until it is gone: "1-5 minutes" at most, paid.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html
ASSUMED_ENDING_SECONDS = 90

# Four of five runs lie within an interval.
INTERVAL = (0.1, 0.9)

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Known:
    """What is known of a job from its past runs and those of others of its class.

    Attributes
    ----------
    runs
        The runs, weighed.
    provision_seconds
        What a cluster took to be ready; assumed without runs.
    interruptions_per_hour
        How often EC2 took a spot node back, per node and hour.
    spill_share
        Bytes shuffled and spilled per byte of input, ``None`` when nobody knows.
    names
        The names of the job's own runs that count, newest first.
    others
        How many runs are of other jobs.
    left_out
        How many runs do not count, by reason.
    last_error
        By how much the last run took longer than predicted, as a fraction.
    """

    runs: tuple[PastRun, ...] = ()
    provision_seconds: float | None = None
    interruptions_per_hour: float = ASSUMED_INTERRUPTIONS_PER_HOUR
    spill_share: float | None = None
    names: tuple[str, ...] = ()
    others: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    last_error: float | None = None

    @property
    def overhead_seconds(self) -> float:
        """What a run takes from start to end without the job's work."""
        provisioning = self.provision_seconds or ASSUMED_PROVISION_SECONDS
        return provisioning + ASSUMED_WAITING_SECONDS + ASSUMED_ENDING_SECONDS


@dataclass(frozen=True)
class Spread:
    """A median, and the interval in which four of five outcomes lie."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """Of one shape: seconds of the job's work, minutes from start to end, and dollars."""

    runtime_seconds: Spread
    minutes: Spread
    usd: Spread


@dataclass(frozen=True)
class Expected:
    """What is expected of some shapes, in their order.

    Attributes
    ----------
    runtime
        Of the job's work.
    outcomes
        From start to end.
    usd_per_hour
        Of each shape's whole cluster.
    overhead_seconds
        From start to end without the job's work.
    """

    runtime: Forecast
    outcomes: Outcomes
    usd_per_hour: tuple[float, ...]
    overhead_seconds: float

    def given(self, deadline_seconds: float | None) -> "Expected":
        """Return what is expected of a job that somebody wants to end within some seconds from its start."""
        if deadline_seconds is None:
            return self
        runtime = self.runtime.given_deadline(deadline_seconds - self.overhead_seconds)
        return replace(self, runtime=runtime, outcomes=replace(self.outcomes, weights=runtime.weights))

    def estimate(self, candidate: int) -> Estimate:
        """Return what is expected of one shape."""

        def spread(values: Array, unit: float = 1.0) -> Spread:
            low, median, high = weighted_quantiles(values, self.outcomes.weights, (INTERVAL[0], 0.5, INTERVAL[1]))
            return Spread(low / unit, median / unit, high / unit)

        return Estimate(
            spread(self.runtime.seconds[:, candidate]),
            spread(self.outcomes.seconds[:, candidate], 60),
            spread(self.outcomes.usd[:, candidate]),
        )

    def minutes_below(self, candidate: int, confidence: float) -> float:
        """Return the minutes a shape does not exceed with this probability."""
        return self._below(self.outcomes.seconds, candidate, confidence) / 60

    def usd_below(self, candidate: int, confidence: float) -> float:
        """Return the dollars a shape does not exceed with this probability."""
        return self._below(self.outcomes.usd, candidate, confidence)

    def _below(self, values: Array, candidate: int, confidence: float) -> float:
        return weighted_quantiles(values[:, candidate], self.outcomes.weights, [confidence])[0]

    @cached_property
    def typical_seconds(self) -> Array:
        """The mean time of each shape, from start to end, on a log scale."""
        typical: Array = np.exp(self.outcomes.weights @ np.log(self.outcomes.seconds))
        return typical

    @cached_property
    def typical_usd(self) -> Array:
        """The mean cost of each shape, on a log scale."""
        typical: Array = self.typical_seconds * np.array(self.usd_per_hour) / _SECONDS_PER_HOUR
        return typical


def expect(
    shapes: Sequence[Shape],
    measured: Measurement,
    need: Need,
    known: Known,
    job_class: str | None,
    cluster: Cluster,
    catalogue: Catalogue,
) -> Expected:
    """Expect what a run takes and costs on each of some shapes.

    All nodes are billed from the request to the end. On spot, interrupted work is done again.
    """
    overhead = known.overhead_seconds
    runtime = forecast(
        job_class,
        measured.bytes,
        known.runs,
        [workers_of(shape.instance_type, shape.workers) for shape in shapes],
        max_tasks=need.max_tasks,
    )
    typical = np.exp(runtime.weights @ np.log(runtime.seconds))
    rework = np.array(
        [
            expected_rework(shape.spot_nodes, shape.workers, float(seconds), known.interruptions_per_hour)
            / float(seconds)
            for shape, seconds in zip(shapes, typical, strict=True)
        ]
    )
    seconds = runtime.seconds * (1 + rework) + overhead
    usd_per_hour = tuple(usd_of_an_hour(shape, need.spill_bytes, cluster, catalogue) for shape in shapes)
    outcomes = Outcomes(seconds, seconds * np.array(usd_per_hour) / _SECONDS_PER_HOUR, runtime.weights)
    return Expected(runtime, outcomes, usd_per_hour, overhead)


def usd_of_an_hour(shape: Shape, spill_bytes: int, cluster: Cluster, catalogue: Catalogue) -> float:
    """Return what an hour of a whole cluster costs: EC2, EMR's fee and disks of primary and workers."""
    primary = catalogue.get(cluster.primary_type)
    gib = primary.ebs_gib + worker_storage(spill_bytes, shape.workers, shape.instance_type).gib_per_node * shape.workers
    disks = gib * catalogue.ebs_gp3_usd_per_gib_month / HOURS_PER_MONTH
    return float(shape.usd_per_hour + primary.ec2_usd_per_hour + primary.emr_usd_per_hour + disks)


def workers_of(instance_type: InstanceType, nodes: float) -> Workers:
    """Return workers as the prediction takes them: a faster core counts as more than one."""
    return Workers(
        instance_type.type,
        nodes,
        instance_type.vcpu * vcpu_speed(instance_type.type),
        instance_type.memory_gib,
        instance_type.ebs_mbps,
    )

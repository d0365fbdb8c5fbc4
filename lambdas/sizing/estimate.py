"""How long a run takes and what it costs, before anything was learned from runs."""

from dataclasses import dataclass

from lambdas.inputs.measure import Measurement
from lambdas.pricing.cost import Interval, cost_of
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster

# A guess, to be learned from the project's own runs: compressed bytes one core reads, transforms and writes per second.
ASSUMED_BYTES_PER_CORE_SECOND = 10_000_000

# From the request until the first step can start. Five to ten minutes are common; AWS gives no number.
ASSUMED_PROVISION_SECONDS = 8 * 60

# Starting Spark, and the wait until Step Functions sees that a step has ended: it asks every 60 s.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
ASSUMED_STEP_SECONDS = 90


@dataclass(frozen=True)
class Estimate:
    """Minutes from start to end, and dollars."""

    minutes: float
    usd: float


def estimate(measured: Measurement, shape: Shape, cluster: Cluster, catalogue: Catalogue, steps: int) -> Estimate:
    """Estimate a run.

    Every step passes over the input once; no pass is faster than one task over the largest file that cannot be split.
    All nodes are billed for the whole time.
    """
    spread = measured.bytes / (ASSUMED_BYTES_PER_CORE_SECOND * shape.vcpus)
    longest = measured.largest_unsplittable_bytes / ASSUMED_BYTES_PER_CORE_SECOND
    seconds = ASSUMED_PROVISION_SECONDS + steps * (ASSUMED_STEP_SECONDS + max(spread, longest))
    worker = shape.instance_type.type
    intervals = [
        Interval(cluster.primary_type, "on_demand", seconds),
        *[Interval(worker, "on_demand", seconds)] * shape.core_nodes,
        *[Interval(worker, cluster.task_market, seconds)] * shape.task_nodes,
    ]
    return Estimate(round(seconds / 60, 1), float(round(cost_of(intervals, catalogue).total, 4)))

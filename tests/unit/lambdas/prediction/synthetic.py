"""Clusters, and jobs whose run times follow rules of their own, not those of the model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from lambdas.prediction import Forecast, PastRun, Workers

GB = 10**9

NOISE = 0.05


def workers(nodes: float, vcpu: float = 4, gib_per_core: float = 4, mbps: float = 100) -> Workers:
    """Return workers, by default of a general-purpose type."""
    return Workers(f"c{vcpu}m{gib_per_core}d{mbps}", nodes, vcpu, vcpu * gib_per_core, mbps)


WORKERS = st.builds(
    workers,
    nodes=st.integers(1, 2_000),
    vcpu=st.sampled_from([1, 2, 4, 8, 16, 48, 192]),
    gib_per_core=st.sampled_from([0.5, 2, 4, 8, 32]),
    mbps=st.floats(10, 10_000),
)
VOLUMES = st.integers(0, 10**16)


def runs_of(
    seconds: Callable[[float, float], float], volumes_gb: Sequence[float], nodes: Sequence[int]
) -> list[PastRun]:
    """Return a run for each volume on each number of general-purpose workers; ``seconds`` is told GB and nodes."""
    return [
        PastRun(int(volume * GB), workers(count), seconds(volume, count)) for volume in volumes_gb for count in nodes
    ]


def median(forecast: Forecast, candidate: int = 0) -> float:
    return forecast.quantiles(candidate, [0.5])[0]


def width(forecast: Forecast, candidate: int = 0) -> float:
    """Return by what factor the ends of the interval of 80 % are apart."""
    low, high = forecast.quantiles(candidate, [0.1, 0.9])
    return high / low


@dataclass(frozen=True)
class Job:
    """A job drawn by chance: a parallel part, a part of each node's disks, a fixed part, and coordination."""

    per_gb: float
    disk_per_gb: float
    fixed: float
    per_node: float
    growth: float

    @classmethod
    def draw(cls, chance: np.random.Generator) -> "Job":
        return cls(
            per_gb=float(np.exp(chance.normal(5.5, 0.6))),
            disk_per_gb=float(np.exp(chance.normal(2, 0.6))),
            fixed=float(chance.uniform(10, 60)),
            per_node=float(chance.uniform(0, 1)),
            growth=float(chance.uniform(0.85, 1.3)),
        )

    def run(self, data_gb: float, on: Workers, chance: np.random.Generator) -> PastRun:
        size = data_gb**self.growth
        seconds = size * (self.per_gb / (on.nodes * on.vcpu) + self.disk_per_gb * 100 / (on.nodes * on.ebs_mbps))
        seconds += self.fixed + self.per_node * on.nodes
        return PastRun(int(data_gb * GB), on, float(seconds * np.exp(NOISE * chance.standard_normal())))

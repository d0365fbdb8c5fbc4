"""A request's clusters as columns of numbers."""

from dataclasses import dataclass

import numpy as np

from scripts.bench.sizing.data import Bools, Floats
from scripts.sizing.request import Candidate, Request, Run


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters with the input each has; a row each.

    Attributes
    ----------
    cores, memory_gib
        Of all workers.
    usd_per_hour
        Primary included.
    """

    data_bytes: Floats
    nodes: Floats
    cores: Floats
    memory_gib: Floats
    usd_per_hour: Floats

    def take(self, rows: Bools) -> "Clusters":
        """Return some of the rows."""
        return Clusters(
            self.data_bytes[rows], self.nodes[rows], self.cores[rows], self.memory_gib[rows], self.usd_per_hour[rows]
        )


def candidates_of(request: Request) -> Clusters:
    """Return the clusters that may be chosen, all with the input that is asked about."""
    return _clusters(request, request.candidates, [request.job.data_bytes] * len(request.candidates))


def history_of(request: Request) -> tuple[Clusters, Floats]:
    """Return the clusters of the past runs, and their seconds."""
    clusters = _clusters(request, request.history, [run.data_bytes for run in request.history])
    return clusters, np.array([run.runtime_s for run in request.history])


def _clusters(request: Request, rows: tuple[Candidate, ...] | tuple[Run, ...], data_bytes: list[int]) -> Clusters:
    types = [request.instance_types[row.instance_type] for row in rows]
    nodes = np.array([float(row.nodes) for row in rows])
    return Clusters(
        data_bytes=np.array(data_bytes, dtype=float),
        nodes=nodes,
        cores=nodes * np.array([known.vcpu for known in types]),
        memory_gib=nodes * np.array([known.memory_gib for known in types]),
        usd_per_hour=nodes * np.array([known.price_usd_h for known in types]) + request.cost_model.primary_usd_h,
    )

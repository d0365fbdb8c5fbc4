"""The run time of a job as a sum of what limits it.

Compute is shared by all cores, disk throughput by all nodes; a serial part and the start are shared by nobody, and
coordination grows with cores and nodes. What does not fit into memory is computed again and spilled. The terms are
those of Ernest (Venkataraman et al., NSDI 2016) with memory and disks added, because machine types differ in both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lambdas.prediction.prior import GB, REFERENCE_CORES, REFERENCE_MBPS, REFERENCE_NODES, Array, Parameter
from lambdas.prediction.runs import Workers

# Of a node's memory: the least that EMR keeps from YARN, in GiB, and the least that is left to Spark.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
_SYSTEM_GIB = 2.0
_LEAST_GIB = 0.5

# Memory per core of a general-purpose type, in GiB.
_USUAL_GIB_PER_CORE = 4.0


@dataclass(frozen=True)
class Work:
    """Volumes on clusters, as the model sees them: one array element each.

    Attributes
    ----------
    coordinated
        Cores and nodes, over the reference: the driver schedules tasks on every core and talks to every node, so that
        a few large nodes take less of it than many small ones.
    busy_cores, disks
        Cores that can work at the same time, and the throughput they have, over the reference.
    memory
        Log of the GB Spark has.
    memory_per_core
        Log base 2, over that of a general-purpose type.
    volume
        Log of the bytes over those for which the parameters are.
    volume_gb
        Log of the bytes.
    points
        Where these clusters lie among others, as ``discrepancy`` compares them; one row each.
    """

    coordinated: Array
    busy_cores: Array
    disks: Array
    memory: Array
    memory_per_core: Array
    volume: Array
    volume_gb: Array
    points: Array

    @classmethod
    def of(
        cls,
        workers: Sequence[Workers],
        data_bytes: Sequence[int],
        reference_bytes: int,
        max_tasks: Sequence[float | None],
    ) -> Self:
        """Describe volumes on clusters.

        Parameters
        ----------
        workers, data_bytes
            Clusters and the volume on each.
        reference_bytes
            The volume for which the parameters are.
        max_tasks
            How many tasks can run at the same time, however many cores there are; ``None`` for any number.
        """
        rows = [(one.nodes, one.vcpu, one.memory_gib, one.ebs_mbps) for one in workers]
        nodes, vcpu, memory, mbps = np.array(rows, dtype=float).reshape(-1, 4).T
        volumes = np.log(np.maximum(np.array(data_bytes, dtype=float), 1) / GB)
        cores = nodes * vcpu
        busy = np.minimum(cores, [math.inf if most is None else most for most in max_tasks])
        return cls(
            coordinated=(cores + nodes) / (REFERENCE_CORES + REFERENCE_NODES),
            busy_cores=busy / REFERENCE_CORES,
            disks=nodes * mbps / REFERENCE_MBPS * busy / cores,
            memory=np.log(nodes * np.maximum(memory - _SYSTEM_GIB, _LEAST_GIB)),
            memory_per_core=np.log2(memory / vcpu / _USUAL_GIB_PER_CORE),
            volume=volumes - np.log(max(reference_bytes, 1) / GB),
            volume_gb=volumes,
            points=np.column_stack([np.log(cores), np.log(memory / vcpu), volumes, np.log(vcpu)]),
        )


def log_seconds(parameters: Array, work: Work) -> Array:
    """Return the log of the run times.

    Parameters
    ----------
    parameters
        One row per job one believes in, columns as in ``Parameter``.
    work
        Volumes on clusters.

    Returns
    -------
    Array
        One row per row of ``parameters``, one column per element of ``work``.
    """

    def column(parameter: Parameter) -> Array:
        return parameters[:, parameter, None]

    scale = column(Parameter.SCALE)
    growth = column(Parameter.GROWTH) * work.volume
    excess = np.maximum(column(Parameter.HELD) + work.volume_gb - work.memory, 0)
    outside = -np.expm1(-excess * np.exp(column(Parameter.STEEPNESS)))
    grown = np.exp(scale + growth)
    compute = np.exp(column(Parameter.COMPUTE) - column(Parameter.MEMORY_SPEED) * work.memory_per_core)
    compute = compute / work.busy_cores * (1 + np.exp(column(Parameter.RECOMPUTE)) * outside)
    disk = (np.exp(column(Parameter.DISK)) + np.exp(column(Parameter.SPILL)) * outside) / work.disks
    fixed = np.exp(column(Parameter.STARTUP)) + np.exp(scale + column(Parameter.COORDINATION)) * work.coordinated
    total: Array = np.log(grown * (compute + disk + np.exp(column(Parameter.SERIAL))) + fixed)
    return total

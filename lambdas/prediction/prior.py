"""What is known of a job's run time before it ever ran: the parameters of ``runtime`` and how they scatter over jobs.

The numbers were set by hand after looking at how the model fits public measurements of Spark and Hadoop jobs
(`slow-lambda bench sizing` says which); they are rounded, so that they describe jobs in general and not those jobs.
"""

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GB = 1e9

# The cluster at which the parts of a run time are compared: cores, nodes, and MB per second to the disks of all nodes.
REFERENCE_CORES = 32.0
REFERENCE_NODES = 8.0
REFERENCE_MBPS = 800.0

# The volume for which ``_SCALE`` tells a run time.
_REFERENCE_VOLUME_GB = 15.0


class Parameter(IntEnum):
    """The parameters of a job, all but ``GROWTH`` and ``MEMORY_SPEED`` as natural logarithms.

    ``SCALE`` is the seconds a run takes at the reference cluster, of which ``COMPUTE``, ``DISK``, ``SERIAL`` and
    ``COORDINATION`` are the shares (they need not add up to 1). ``STARTUP`` is seconds. ``GROWTH`` is the exponent of
    the volume. ``HELD`` is the bytes a job would like to hold in memory per byte of input; what does not fit is
    computed again (``RECOMPUTE``, per unit of compute) and spilled (``SPILL``, like ``DISK``), all of it the sooner the
    higher ``STEEPNESS``. ``MEMORY_SPEED`` is by how much more memory per core makes a core faster.
    """

    SCALE = 0
    COMPUTE = 1
    DISK = 2
    SERIAL = 3
    COORDINATION = 4
    STARTUP = 5
    GROWTH = 6
    HELD = 7
    RECOMPUTE = 8
    SPILL = 9
    MEMORY_SPEED = 10
    STEEPNESS = 11


_NORMAL = {
    Parameter.SCALE: (4.5, 1.3),
    Parameter.COMPUTE: (0.0, 0.7),
    Parameter.DISK: (-0.3, 1.0),
    Parameter.SERIAL: (-2.0, 1.2),
    Parameter.COORDINATION: (-2.2, 1.2),
    Parameter.STARTUP: (math.log(25), 0.6),
    Parameter.GROWTH: (1.12, 0.22),
    Parameter.HELD: (math.log(2.5), 1.0),
    Parameter.RECOMPUTE: (-0.5, 1.0),
    Parameter.SPILL: (0.5, 1.5),
    Parameter.MEMORY_SPEED: (-0.1, 0.15),
    Parameter.STEEPNESS: (0.7, 1.0),
}
DEVIATION: Array = np.array([_NORMAL[parameter][1] for parameter in Parameter])

# What is usual in a class, where it differs; ``SCALE`` for the reference volume. A scan computes on what streams by and
# holds little; a shuffle writes and reads its input on the disks, ``DISK`` being the largest part of it; who iterates
# reads once and computes often, on what is hopefully in memory, and spills in every iteration otherwise. A graph is
# small as a file and large in memory.
_CLASSES: dict[str, dict[Parameter, float]] = {
    "scan": {Parameter.SCALE: 3.2, Parameter.DISK: -0.5, Parameter.HELD: 0.0},
    "sql": {Parameter.SCALE: 4.2},
    "shuffle": {Parameter.SCALE: 3.8, Parameter.DISK: 0.5},
    "ml": {Parameter.SCALE: 5.0, Parameter.DISK: -1.0, Parameter.SPILL: 1.0},
    "ml-iterative": {Parameter.SCALE: 5.2, Parameter.DISK: -1.0, Parameter.SPILL: 1.0},
    "graph-iterative": {
        Parameter.SCALE: 6.0,
        Parameter.DISK: -1.0,
        Parameter.SPILL: 1.0,
        Parameter.HELD: 1.5,
    },
}

# How log seconds grow with the log of the volume from one job of a class to the next. A graph's bytes say little about
# the work in it.
_SCALE_SLOPE = {"graph-iterative": 0.4}
_USUAL_SLOPE = 0.8

# The scatter of single runs of one kind, and how far the model may be off in a way that neighbours share, both of log
# seconds; the tails of the scatter are those of a Student distribution with so many degrees of freedom.
NOISE = 0.06
DISCREPANCY = 0.22
DEGREES_OF_FREEDOM = 8

# How far apart two clusters or volumes are before the model's errors there have nothing to do with one another: in log
# cores, log memory per core, log volume, log cores of one node.
LENGTHS: Array = np.array([1.2, 1.2, 3.0, 1.2])

# How far another job of the same class is off, in log seconds: as a whole, and beyond that by neighbourhood.
OTHER_JOB_OFFSET = 0.8
OTHER_JOB_DISCREPANCY = 0.4

# A deadline is set by somebody who expects it to be met without the fastest cluster there is: by how much it is longer
# than the shortest run time, as log mean and deviation. Our belief; with past runs it hardly matters.
DEADLINE_SLACK = (0.7, 0.3)

# How likely it is that a deadline is set so, and what it is otherwise: anything, by its density in log seconds.
INFORMED = 0.9
UNINFORMED_DENSITY = 0.02


def prior_mean(job_class: str | None, data_bytes: int) -> Array:
    """Return the expected parameters of a job of some class, for a volume; a class nobody knows is a usual job."""
    known = job_class or ""
    usual = {parameter: mean for parameter, (mean, _) in _NORMAL.items()} | _CLASSES.get(known, {})
    mean = np.array([usual[parameter] for parameter in Parameter])
    slope = _SCALE_SLOPE.get(known, _USUAL_SLOPE)
    mean[Parameter.SCALE] += slope * math.log(max(data_bytes, 1) / GB / _REFERENCE_VOLUME_GB)
    return mean

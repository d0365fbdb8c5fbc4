"""A small set of the project's own, so that the bench runs where no measurements are.

It is computed, not measured: how work, input, memory and overhead add up is written below. Figures on it show that
the bench works and how methods compare on well-behaved jobs; how well a method does in the world they do not show.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scripts.bench.sizing.data import Measurements, make_context, seed_of
from scripts.sizing.request import InstanceType

_GIB = 2**30
_REPETITIONS = 3
# Standard deviation of a repetition's run time, in log.
_NOISE = 0.07
_NODES = (2, 3, 4, 6, 8, 12, 16)
_INPUTS_GB = (8, 20, 50, 120, 300)

# On demand in us-east-1, EMR's fee included, and EBS throughput without bursts, in MB/s.
# https://aws.amazon.com/ec2/pricing/on-demand/ https://aws.amazon.com/emr/pricing/
# https://docs.aws.amazon.com/ebs/latest/userguide/ebs-optimized.html
INSTANCE_TYPES: Mapping[str, InstanceType] = {
    name: InstanceType(vcpu=vcpu, memory_gib=memory, ebs_mbps=ebs, price_usd_h=ec2 + emr)
    for name, vcpu, memory, ebs, ec2, emr in (
        ("c5.xlarge", 4, 8, 143.75, 0.17, 0.043),
        ("c5.2xlarge", 8, 16, 287.5, 0.34, 0.085),
        ("m5.xlarge", 4, 16, 143.75, 0.192, 0.048),
        ("m5.2xlarge", 8, 32, 287.5, 0.384, 0.096),
        ("r5.xlarge", 4, 32, 143.75, 0.252, 0.063),
        ("r5.2xlarge", 8, 64, 287.5, 0.504, 0.126),
    )
}

# What of a node's memory holds data, after system, YARN and Spark's own.
_USABLE_MEMORY = 0.5


@dataclass(frozen=True)
class _Work:
    """A job by what it does.

    Attributes
    ----------
    core_seconds_per_gb
        Of one pass.
    moved
        Bytes through the disks, per byte of input.
    held
        Bytes that want to be in memory, per byte of input.
    passes
        Over the input; what does not fit in memory is read again in every one.
    fixed, per_node
        Seconds.
    growth
        Core seconds grow with the input to this power.
    """

    name: str
    job_class: str
    core_seconds_per_gb: float
    moved: float
    held: float
    passes: int
    fixed: float
    per_node: float
    growth: float = 1.0


_JOBS = (
    _Work("filter", "scan", 14, 1.0, 0.0, 1, 40, 0.2),
    _Work("join", "sql", 45, 2.2, 0.6, 1, 60, 0.8, 1.05),
    _Work("sort", "shuffle", 30, 3.0, 1.0, 1, 45, 1.5, 1.06),
    _Work("regression", "ml", 20, 1.0, 1.4, 4, 90, 1.0),
    _Work("clusters", "ml-iterative", 16, 1.0, 1.6, 12, 80, 1.2),
    _Work("ranks", "graph-iterative", 24, 1.5, 2.4, 8, 70, 2.5, 1.1),
)


def own_measurements() -> Measurements:
    """Compute the set; it is always the same."""
    contexts = {}
    for work in _JOBS:
        for gigabytes in _INPUTS_GB:
            name = f"{work.name}|{gigabytes:03d} GB"
            head = {
                "family": work.name,
                "job": work.name,
                "job_class": work.job_class,
                "dataset": "slow-lambda",
                "data_bytes": str(gigabytes * 10**9),
            }
            contexts[name] = make_context(name, head, _runs(work, gigabytes, name), INSTANCE_TYPES)
    return Measurements(dict(sorted(contexts.items())), INSTANCE_TYPES)


def _runs(work: _Work, gigabytes: float, name: str) -> list[tuple[str, int, float]]:
    random = np.random.default_rng(seed_of("slow-lambda", name))
    return [
        (instance_type, nodes, _seconds(work, gigabytes, known, nodes) * math.exp(random.normal(0, _NOISE)))
        for instance_type, known in INSTANCE_TYPES.items()
        for nodes in _NODES
        for _ in range(_REPETITIONS)
    ]


def _seconds(work: _Work, gigabytes: float, known: InstanceType, nodes: int) -> float:
    """Return the run time without noise: computing and moving overlap, the longer one counts in full."""
    held = work.held * gigabytes * 1e9
    memory = _USABLE_MEMORY * nodes * known.memory_gib * _GIB
    missing = max(0.0, 1 - memory / held) if held else 0.0
    computing: float = work.passes * work.core_seconds_per_gb * gigabytes**work.growth / (nodes * known.vcpu)
    read_again = missing * work.held * (work.passes + 1)
    moving = (work.moved + read_again) * gigabytes * 1e3 / (nodes * known.ebs_mbps)
    return work.fixed + work.per_node * nodes + max(computing, moving) + 0.3 * min(computing, moving)

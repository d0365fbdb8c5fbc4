"""Disks of a worker: room for what Spark shuffles and spills, and all the throughput the instance can have."""

import math
from dataclasses import dataclass
from typing import Any

from lambdas.specs.catalogue import InstanceType

GIB = 1024**3

# What a gp3 volume of any size does without being paid extra, in bytes per second.
# https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
GP3_BYTES_PER_SECOND = 125 * 1024**2

# Of an EMR volume. EBS-optimized ones have at least 10 GiB; all current types are EBS-optimized.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_VolumeSpecification.html
MIN_VOLUME_GIB = 10
MAX_VOLUME_GIB = 1024

# Of one instance, and of all instances of one launch request, root volumes included.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html
MAX_VOLUMES = 25
MAX_VOLUMES_OF_A_LAUNCH = 2_500

# YARN stops using a disk that is fuller: max-disk-utilization-per-disk-percentage of the disk health checker.
# https://hadoop.apache.org/docs/r3.4.2/hadoop-yarn/hadoop-yarn-common/yarn-default.xml
USABLE_SHARE = 0.9

# The fullest node over the mean: keys are skewed, and nodes that come late hold less. A guess.
UNEVENNESS = 1.5

# Logs, what YARN unpacks for applications, and the little a run keeps in HDFS. A guess.
OTHER_GIB = 10


@dataclass(frozen=True)
class Storage:
    """The gp3 volumes of one node; none where its instance store suffices."""

    volumes: int
    gib_each: int

    @property
    def gib_per_node(self) -> int:
        """What is paid for, in GiB."""
        return self.volumes * self.gib_each


def worker_storage(spill_bytes: int, workers: int, instance_type: InstanceType) -> Storage:
    """Return the volumes of each of some workers.

    Never less than EMR attaches to the type by itself. As the price is for GiB, they are cut into as many volumes as
    the instance's EBS throughput needs.

    Parameters
    ----------
    spill_bytes
        What lies on all workers' disks at once: shuffle files, spilled and persisted data.
    workers
        Core and task nodes, at least 1.
    instance_type
        Their type.

    Returns
    -------
    Storage
        As much as EMR allows, when that is less than needed.
    """
    needed = needed_gib(spill_bytes, workers)
    store = instance_type.instance_store_gib
    if needed <= store:
        return Storage(0, 0)
    most = max(1, min(MAX_VOLUMES, MAX_VOLUMES_OF_A_LAUNCH // workers - 1))
    if store:
        # Spark spreads its files evenly over all disks, so none may be smaller than the others' share.
        volumes = min(most, math.ceil(needed / store) - 1)
        return Storage(volumes, _size(needed / (volumes + 1)))
    total = max(instance_type.ebs_gib, needed)
    for_throughput = math.ceil(instance_type.ebs_mbps * 10**6 / GP3_BYTES_PER_SECOND)
    volumes = min(most, max(min(for_throughput, total // MIN_VOLUME_GIB), math.ceil(total / MAX_VOLUME_GIB), 1))
    return Storage(volumes, _size(total / volumes))


def needed_gib(spill_bytes: int, workers: int) -> int:
    """Return what each node needs on its disks, in GiB."""
    return math.ceil(spill_bytes * UNEVENNESS / workers / USABLE_SHARE / GIB) + OTHER_GIB


def ebs_configuration(storage: Storage) -> dict[str, Any]:
    """Return ``EbsConfiguration`` of ``RunJobFlow``.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_EbsConfiguration.html
    """
    specification = {"VolumeType": "gp3", "SizeInGB": storage.gib_each}
    return {
        "EbsBlockDeviceConfigs": [{"VolumeSpecification": specification, "VolumesPerInstance": storage.volumes}],
    }


def _size(gib: float) -> int:
    return min(MAX_VOLUME_GIB, max(MIN_VOLUME_GIB, math.ceil(gib)))

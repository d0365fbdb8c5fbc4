"""What a cluster's instances are billed for."""

import math
from dataclasses import dataclass

from scripts.local.emr.model import Cluster

MINIMUM_BILLED_SECONDS = 60
"""EC2 and the EMR fee on it are billed per second with a minimum of one minute: "Amazon EMR pricing",
https://aws.amazon.com/emr/pricing/."""


@dataclass(frozen=True, slots=True)
class BillingInterval:
    """The time for which one instance is paid.

    Attributes
    ----------
    instance_id
        The EC2 id.
    role
        MASTER, CORE or TASK.
    started
        When EC2 launched it, not when it was of use: epoch seconds, virtual.
    ended
        `None` while it runs.
    billed_seconds
        Whole seconds, at least 60; of a running instance those until now.
    """

    instance_id: str
    instance_type: str
    market: str
    role: str
    started: float
    ended: float | None
    billed_seconds: int


def intervals(cluster: Cluster, now: float) -> list[BillingInterval]:
    """Return one interval per instance the cluster ever had, in the order of their launch."""
    return [
        BillingInterval(
            instance_id=instance.ec2_id,
            instance_type=instance.type,
            market=instance.market.value,
            role=instance.role.value,
            started=instance.timeline.created,
            ended=instance.timeline.ended,
            billed_seconds=_billed(instance.timeline.created, instance.timeline.ended or now),
        )
        for instance in cluster.instances
    ]


def _billed(started: float, ended: float) -> int:
    return max(MINIMUM_BILLED_SECONDS, math.ceil(ended - started))

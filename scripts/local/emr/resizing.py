"""Changes of a pool's size on a ready cluster.

"Manually resize a running Amazon EMR cluster",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-resize.html. Instances leave at once: the graceful
decommissioning of busy nodes is not modelled.
"""

from collections.abc import Collection

from scripts.local.emr.ending import end_instance
from scripts.local.emr.model import Cluster, Market, Pool, Reason
from scripts.local.emr.starting import fill_pool
from scripts.local.emr.world import World

_RESIZED = Reason("Instance was terminated by a resize request.")


def resize(world: World, cluster: Cluster, pool: Pool, leaving: Collection[str] = ()) -> None:
    """Bring a pool to its targets: named instances leave first, then the youngest that are too many."""
    for instance in list(cluster.living(pool)):
        if instance.ec2_id in leaving:
            end_instance(world, instance, _RESIZED)
    for market in Market:
        _shrink(world, cluster, pool, market)
    fill_pool(world, cluster, pool)


def _shrink(world: World, cluster: Cluster, pool: Pool, market: Market) -> None:
    surplus = cluster.provisioned(pool, market) - pool.targets[market]
    for instance in reversed(list(cluster.living(pool))):
        if instance.market == market and instance.units <= surplus:
            surplus -= instance.units
            end_instance(world, instance, _RESIZED)

"""Changes of a pool's size on a ready cluster.

"Manually resize a running Amazon EMR cluster",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-resize.html. Idle nodes leave at once. Busy ones are
decommissioned first: they get no new containers, and leave when those they have are done, or their time is up;
"Graceful Decommission of YARN Nodes",
https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-site/GracefulDecommission.html.
"""

from collections.abc import Collection

from scripts.local.emr import containers
from scripts.local.emr.capacity import decommission_timeout
from scripts.local.emr.ending import end_instance
from scripts.local.emr.model import Cluster, Instance, Market, Pool
from scripts.local.emr.playing import RESIZED, settle
from scripts.local.emr.provisioning import fill
from scripts.local.emr.world import World

TASK_SECONDS = 60.0
"""How long the tasks last that a decommissioned node still finishes, and so how long it stays, unless its work ends
before. Our choice."""


def resize(world: World, cluster: Cluster, pool: Pool, leaving: Collection[str] = ()) -> None:
    """Bring a pool to its targets: named instances leave first, then those that are too many."""
    containers.update(cluster, world.now())
    for instance in cluster.staying(pool):
        if instance.ec2_id in leaving:
            _let_go(world, cluster, instance)
    for market in Market:
        _take_back(cluster, pool, market)
        _shrink(world, cluster, pool, market)
    fill(world, cluster, pool)
    settle(world, cluster)


def in_leaving_order(cluster: Cluster, pool: Pool, market: Market) -> list[Instance]:
    """Return the instances of a pool that may leave: idle ones first, and of those the youngest. Our choice."""
    youngest_first = [instance for instance in reversed(cluster.staying(pool)) if instance.market == market]
    return sorted(youngest_first, key=lambda instance: instance.containers > 0)


def _shrink(world: World, cluster: Cluster, pool: Pool, market: Market) -> None:
    surplus = cluster.provisioned(pool, market) - pool.targets[market]
    for instance in in_leaving_order(cluster, pool, market):
        if instance.units <= surplus:
            surplus -= instance.units
            _let_go(world, cluster, instance)


def _take_back(cluster: Cluster, pool: Pool, market: Market) -> None:
    """Keep nodes that were about to leave, rather than launch others: YARN recommissions them."""
    missing = cluster.missing(pool, market)
    for instance in cluster.living(pool):
        if instance.leaving and instance.market == market and instance.units <= missing:
            instance.leaving()
            instance.leaving = None
            missing -= instance.units


def _let_go(world: World, cluster: Cluster, instance: Instance) -> None:
    if not instance.containers:
        end_instance(world, instance, RESIZED)
        return
    timeout = decommission_timeout(cluster, cluster.pool_of(instance))
    # A negative timeout is none.
    is_forced = 0 <= timeout < TASK_SECONDS

    def leave() -> None:
        containers.update(cluster, world.now())
        if is_forced:
            containers.lose(cluster, [instance], world.now())
        end_instance(world, instance, RESIZED)
        settle(world, cluster)

    instance.leaving = world.later(timeout if is_forced else TASK_SECONDS, leave)

"""Spot instances that EC2 takes back."""

from scripts.local.emr import containers
from scripts.local.emr.ending import end_instance, terminate
from scripts.local.emr.model import MODIFIABLE, Cluster, Instance, Market, Reason, Role
from scripts.local.emr.provisioning import fill
from scripts.local.emr.world import World

SPOT_RECLAIMED = Reason(
    "Instance was terminated by Amazon EC2: Spot capacity is no longer available.", "INSTANCE_FAILURE"
)
PRIMARY_LOST = Reason("The master node was terminated.", "INSTANCE_FAILURE")


def lose_spot(world: World, cluster: Cluster, role: Role) -> None:
    """Lose all Spot instances of a role. Termination protection does not prevent it."""
    containers.update(cluster, world.now())
    _lose(world, cluster, role, [item for item in cluster.living() if _is_spot(item, role)])


def lose_spot_share(world: World, cluster: Cluster, share: float) -> None:
    """Lose a share of the Spot task nodes in service, rounded to whole nodes, the oldest first.

    Containers must be up to date, and still be those of the phase before.
    """
    nodes = [node for node in cluster.workers() if _is_spot(node, Role.TASK)]
    _lose(world, cluster, Role.TASK, nodes[: round(share * len(nodes))])


def _is_spot(instance: Instance, role: Role) -> bool:
    return instance.role == role and instance.market == Market.SPOT


def _lose(world: World, cluster: Cluster, role: Role, lost: list[Instance]) -> None:
    if cluster.state not in MODIFIABLE:
        return
    containers.lose(cluster, lost, world.now())
    for instance in lost:
        end_instance(world, instance, SPOT_RECLAIMED)
    if lost and role == Role.MASTER:
        terminate(world, cluster, PRIMARY_LOST)
        return
    for pool in cluster.pools:
        if pool.role == role:
            fill(world, cluster, pool)

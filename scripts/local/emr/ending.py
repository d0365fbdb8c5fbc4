"""The end of a cluster, whatever brought it about."""

from collections.abc import Sequence

from scripts.local.emr import containers
from scripts.local.emr.durations import TERMINATE_SECONDS
from scripts.local.emr.model import (
    MODIFIABLE,
    Cluster,
    ClusterState,
    Instance,
    InstanceState,
    Params,
    Reason,
    StepState,
)
from scripts.local.emr.transitions import move_cluster, move_step
from scripts.local.emr.world import World

USER_REQUEST = Reason("Terminated by user request", "USER_REQUEST")
STEP_FAILURE = Reason("Shut down as step failed", "STEP_FAILURE")
STEPS_COMPLETED = Reason("Steps completed", "ALL_STEPS_COMPLETED")
STEPS_COMPLETED_WITH_ERRORS = Reason("Steps completed with errors", "ALL_STEPS_COMPLETED")
_CLEAN_CODES = frozenset({"USER_REQUEST", "ALL_STEPS_COMPLETED"})
_CLUSTER_TERMINATED = Reason("Cluster was terminated.", "CLUSTER_TERMINATED")


def terminate(world: World, cluster: Cluster, reason: Reason, error_details: Sequence[Params] = ()) -> None:
    """Begin to end a cluster, unless that has begun.

    Steps not yet completed are cancelled, the running ones as well:
    https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html. The instances are paid until the
    cluster has ended.
    """
    if cluster.state not in MODIFIABLE:
        return
    _drop_timers(cluster)
    for step in cluster.active_steps():
        move_step(world, cluster, step, StepState.CANCELLED)
    cluster.error_details = list(error_details)
    containers.update(cluster, world.now())
    move_cluster(world, cluster, ClusterState.TERMINATING, reason)
    world.later(TERMINATE_SECONDS, lambda: _finish(world, cluster))


def end_instance(world: World, instance: Instance, reason: Reason) -> None:
    """Take an instance out of the cluster; it is paid until now."""
    instance.state = InstanceState.TERMINATED
    instance.reason = reason
    instance.timeline.ended = world.now()
    instance.containers, instance.busy_since = 0, None
    if instance.leaving:
        instance.leaving()
        instance.leaving = None


def _finish(world: World, cluster: Cluster) -> None:
    for instance in list(cluster.living()):
        end_instance(world, instance, _CLUSTER_TERMINATED)
    containers.update(cluster, world.now())
    for pool in cluster.pools:
        pool.timeline.ended = world.now()
    cluster.timeline.ended = world.now()
    clean = cluster.reason.code in _CLEAN_CODES
    state = ClusterState.TERMINATED if clean else ClusterState.TERMINATED_WITH_ERRORS
    move_cluster(world, cluster, state, cluster.reason)


def _drop_timers(cluster: Cluster) -> None:
    timers = [cluster.idle_timer, cluster.yarn.timer, *(instance.leaving for instance in cluster.living())]
    for pool in cluster.pools:
        timers += [pool.retry, pool.patience]
    for timer in timers:
        if timer:
            timer()

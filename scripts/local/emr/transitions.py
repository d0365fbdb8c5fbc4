"""The only place where a cluster or a step changes its state: along the legal edges, and told to the observer."""

from scripts.local.emr import events
from scripts.local.emr.model import CLUSTER_EDGES, NO_REASON, STEP_EDGES, Cluster, ClusterState, Reason, Step, StepState
from scripts.local.emr.world import World


def announce_cluster(world: World, cluster: Cluster) -> None:
    """Tell the observer the state of a cluster."""
    world.publish(events.cluster_event(cluster, world.account, world.region, world.now()))


def announce_step(world: World, cluster: Cluster, step: Step) -> None:
    """Tell the observer the state of a step."""
    world.publish(events.step_event(cluster, step, world.account, world.region, world.now()))


def move_cluster(world: World, cluster: Cluster, state: ClusterState, reason: Reason = NO_REASON) -> None:
    """Put a cluster in another state."""
    if state not in CLUSTER_EDGES[cluster.state]:
        raise AssertionError(f"{cluster.id}: no way from {cluster.state} to {state}")
    cluster.state = state
    cluster.reason = reason
    announce_cluster(world, cluster)


def move_step(world: World, cluster: Cluster, step: Step, state: StepState) -> None:
    """Put a step in another state, and stop its execution if that is one nobody waits for any more."""
    if state not in STEP_EDGES[step.state]:
        raise AssertionError(f"{step.id}: no way from {step.state} to {state}")
    step.state = state
    if state != StepState.RUNNING:
        step.work = None
    if not STEP_EDGES[state]:
        step.timeline.ended = world.now()
    if state in (StepState.CANCEL_PENDING, StepState.CANCELLED) and step.stop:
        world.after_unlock(step.stop)
        step.stop = None
    announce_step(world, cluster, step)

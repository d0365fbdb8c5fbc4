"""The loads of steps, played on the clock: from the end of one phase to that of the next, nothing in between.

Between two changes of nodes or demand every step works at a constant rate, so the next end of a phase is known exactly.
"""

from scripts.local.emr import containers
from scripts.local.emr.ending import end_instance
from scripts.local.emr.load import Load
from scripts.local.emr.model import MODIFIABLE, Cluster, Reason, Step, StepState
from scripts.local.emr.spot import lose_spot_share
from scripts.local.emr.world import World
from scripts.local.emr.yarn import Work

RESIZED = Reason("Instance was terminated by a resize request.")


def begin(world: World, cluster: Cluster, step: Step, load: Load) -> None:
    """Begin to play the load of a step."""
    if load and step.state == StepState.RUNNING:
        containers.update(cluster, world.now())
        step.work = Work(load, world.now())
        _take_up_phase(world, cluster, step.work)
        settle(world, cluster)


def settle(world: World, cluster: Cluster) -> None:
    """Take account of what changed: nodes that came or went, steps that began or ended."""
    containers.update(cluster, world.now())
    _let_idle_nodes_leave(world, cluster)
    if cluster.yarn.timer:
        cluster.yarn.timer()
        cluster.yarn.timer = None
    if cluster.state in MODIFIABLE:
        seconds = [work.seconds_left for work in _works(cluster)]
        if known := [item for item in seconds if item is not None]:
            cluster.yarn.timer = world.later(min(known), lambda: _phase_over(world, cluster))
    cluster.on_usage()


def _works(cluster: Cluster) -> list[Work]:
    return [step.work for step in cluster.in_state(StepState.RUNNING) if step.work]


def _phase_over(world: World, cluster: Cluster) -> None:
    containers.update(cluster, world.now())
    for work in _works(cluster):
        if work.is_due:
            work.index += 1
            _take_up_phase(world, cluster, work)
            if work.is_over and work.on_over:
                work.on_over()
    settle(world, cluster)


def _take_up_phase(world: World, cluster: Cluster, work: Work) -> None:
    work.begin_phase()
    if work.phase and work.phase.spot_lost:
        lose_spot_share(world, cluster, work.phase.spot_lost)


def _let_idle_nodes_leave(world: World, cluster: Cluster) -> None:
    idle = [node for node in cluster.workers() if node.leaving and not node.containers]
    for node in idle:
        end_instance(world, node, RESIZED)
    if idle:
        containers.update(cluster, world.now())

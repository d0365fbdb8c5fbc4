"""The queue of steps: what runs next, what a failure brings about, how a step is cancelled.

"Submit work to an Amazon EMR cluster", https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-work-with-steps.html;
for failures, `ActionOnFailure` of https://docs.aws.amazon.com/emr/latest/APIReference/API_StepConfig.html and
"Using termination protection",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_TerminationProtection.html.
"""

from collections.abc import Sequence
from functools import partial

from scripts.local.emr import describe, idle, playing
from scripts.local.emr.durations import CANCEL_STEP_SECONDS
from scripts.local.emr.ending import STEP_FAILURE, STEPS_COMPLETED, STEPS_COMPLETED_WITH_ERRORS, terminate
from scripts.local.emr.model import (
    READY,
    Cluster,
    ClusterState,
    Params,
    Reason,
    Step,
    StepState,
    Timeline,
)
from scripts.local.emr.runner import StepOutcome
from scripts.local.emr.transitions import announce_step, move_cluster, move_step
from scripts.local.emr.world import World

RUNNING_STEP = Reason("Running step")
READY_TO_RUN = Reason("Cluster ready to run steps.")
UNKNOWN_ERROR = "Unknown Error."
_AFTER_LAST_STEP = {
    StepState.COMPLETED: Reason("Cluster ready after last step completed."),
    StepState.FAILED: Reason("Cluster ready after last step failed."),
    StepState.CANCELLED: Reason("Cluster ready after last step cancelled."),
}


def add_steps(
    world: World, cluster: Cluster, configs: Sequence[Params], execution_role: str | None = None
) -> list[Step]:
    """Queue steps and start what may start."""
    added = [Step(world.new_id("s-"), config, execution_role, Timeline(world.now())) for config in configs]
    cluster.steps += added
    for step in added:
        announce_step(world, cluster, step)
    advance(world, cluster)
    return added


def advance(world: World, cluster: Cluster) -> None:
    """Start pending steps as concurrency allows; with none left, wait or end."""
    if cluster.state not in READY:
        return
    occupied = len(cluster.in_state(StepState.RUNNING, StepState.CANCEL_PENDING))
    starting = cluster.in_state(StepState.PENDING)[: max(0, cluster.concurrency - occupied)]
    if starting and cluster.state == ClusterState.WAITING:
        move_cluster(world, cluster, ClusterState.RUNNING, RUNNING_STEP)
    for step in starting:
        _start(world, cluster, step)
    if not cluster.active_steps():
        _settle(world, cluster)
    idle.rearm(world, cluster)
    playing.settle(world, cluster)


def cancel(world: World, cluster: Cluster, step: Step) -> bool:
    """Cancel a pending step at once, a running one a little later. Return whether it could be cancelled."""
    if step.state == StepState.PENDING:
        move_step(world, cluster, step, StepState.CANCELLED)
        advance(world, cluster)
        return True
    if step.state == StepState.RUNNING:
        move_step(world, cluster, step, StepState.CANCEL_PENDING)
        playing.settle(world, cluster)
        world.later(CANCEL_STEP_SECONDS, lambda: _cancelled(world, cluster, step))
        return True
    return step.state == StepState.CANCEL_PENDING


def _start(world: World, cluster: Cluster, step: Step) -> None:
    move_step(world, cluster, step, StepState.RUNNING)
    step.timeline.ready = world.now()
    shown_cluster, shown_step = describe.cluster(cluster, world.now()), describe.step(step)

    def done(outcome: StepOutcome) -> None:
        with world.transaction():
            _finished(world, cluster, step, outcome)

    def run() -> None:
        try:
            load = world.runner.load(shown_step)
            with world.transaction():
                playing.begin(world, cluster, step, load)
            stop = world.runner.start(shown_cluster, shown_step, done)
        except Exception as error:
            done(StepOutcome(succeeded=False, reason=UNKNOWN_ERROR, message=str(error)))
            return
        with world.transaction():
            if step.state == StepState.RUNNING:
                step.stop = stop
            else:
                world.after_unlock(stop)

    world.after_unlock(run)


def _finished(world: World, cluster: Cluster, step: Step, outcome: StepOutcome) -> None:
    if step.state != StepState.RUNNING:
        return
    if outcome.succeeded and step.work and not step.work.is_over:
        step.work.on_over = partial(_finished, world, cluster, step, outcome)
        return
    if outcome.succeeded:
        move_step(world, cluster, step, StepState.COMPLETED)
    else:
        step.failure = _failure_details(outcome)
        move_step(world, cluster, step, StepState.FAILED)
        _act_on_failure(world, cluster, step)
    advance(world, cluster)


def _failure_details(outcome: StepOutcome) -> Params | None:
    if outcome.reason is None and outcome.message is None and outcome.log_file is None:
        return None
    details = {"Reason": outcome.reason or UNKNOWN_ERROR, "Message": outcome.message, "LogFile": outcome.log_file}
    return {key: value for key, value in details.items() if value is not None}


def _act_on_failure(world: World, cluster: Cluster, step: Step) -> None:
    action = step.action_on_failure
    if action == "CONTINUE" or cluster.concurrency > 1:
        return
    if not cluster.keep_alive:
        terminate(world, cluster, STEP_FAILURE)
    elif action == "CANCEL_AND_WAIT":
        for pending in cluster.in_state(StepState.PENDING):
            move_step(world, cluster, pending, StepState.CANCELLED)
    elif not cluster.protected:
        terminate(world, cluster, STEP_FAILURE)


def _cancelled(world: World, cluster: Cluster, step: Step) -> None:
    if step.state == StepState.CANCEL_PENDING:
        move_step(world, cluster, step, StepState.CANCELLED)
        advance(world, cluster)


def _settle(world: World, cluster: Cluster) -> None:
    if not cluster.keep_alive:
        failed = cluster.in_state(StepState.FAILED)
        terminate(world, cluster, STEPS_COMPLETED_WITH_ERRORS if failed else STEPS_COMPLETED)
    elif cluster.state == ClusterState.RUNNING:
        last = max(cluster.steps, key=lambda step: step.timeline.ended or 0.0, default=None)
        move_cluster(world, cluster, ClusterState.WAITING, _AFTER_LAST_STEP[last.state] if last else READY_TO_RUN)

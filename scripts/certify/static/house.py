"""The rules of this project's own machines: mistakes in a rendered definition, remarks on anybody else's."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.clusters.tags import EXECUTION_TAG
from scripts.certify.static.actions import Action, Kind, retries_failures
from scripts.certify.static.cluster_options import (
    auto_terminates,
    is_tagged,
    runs_steps_abreast,
    steps_without_action,
)
from scripts.certify.static.graph import NO_TIMEOUT_SECONDS, State, reachable
from scripts.certify.static.report import Finding


def cluster_rules(actions: Mapping[State, Action]) -> Iterator[Finding]:
    """Yield what makes a cluster harder to end when everything else has failed."""
    levels = [runs_steps_abreast(state) for state, done in actions.items() if done.kind is Kind.CREATE]
    concurrent = bool(levels) and all(levels)
    for state, done in actions.items():
        if done.kind is Kind.CREATE:
            yield from _create_rules(state)
        if done.kind in (Kind.CREATE, Kind.STEP) and state.retries:
            call = "createCluster" if done.kind is Kind.CREATE else "addStep"
            yield _at(
                state,
                "retry-not-idempotent",
                f"{state.label} has a Retry, but {call} has no idempotency token: a call that EMR accepted before it "
                "failed is made twice; remove the Retry, end what may exist, then start again",
            )
        if done.kind is Kind.STEP and not concurrent and steps_without_action(state):
            yield _at(
                state,
                "step-without-action-on-failure",
                f"a step that fails in {state.label} leaves its cluster waiting; "
                "set ActionOnFailure to TERMINATE_CLUSTER",
            )


def _create_rules(state: State) -> Iterator[Finding]:
    if not is_tagged(state, EXECUTION_TAG):
        yield _at(
            state,
            "cluster-without-tag",
            f"the cluster of {state.label} does not visibly carry its execution's id, so reap_clusters cannot find it; "
            f"add the tag {EXECUTION_TAG} with Execution.Id of the context",
        )
    if auto_terminates(state) is False:
        yield _at(
            state,
            "cluster-without-auto-termination",
            f"the cluster of {state.label} stays when everything else has failed; give it an AutoTerminationPolicy",
        )


def machine_rules(definition: Mapping[str, Any], first: State) -> Iterator[Finding]:
    """Yield what the machine as a whole lacks; ``first`` is where it starts."""
    seconds = definition.get("TimeoutSeconds", NO_TIMEOUT_SECONDS)
    if isinstance(seconds, int | float) and seconds >= NO_TIMEOUT_SECONDS:
        yield _at(
            first,
            "machine-without-timeout",
            "the execution may hold a cluster for a year; give the machine a TimeoutSeconds of its own",
        )


def task_rules(actions: Mapping[State, Action]) -> Iterator[Finding]:
    """Yield what every Task of a rendered machine has to have, with or without a cluster."""
    for state, done in actions.items():
        if state.type != "Task":
            continue
        if not any(each.catches_all for each in (state, *state.holds)):
            yield _at(
                state,
                "task-without-catch",
                f"an error of {state.label} ends the execution without its report; give it a Catch for States.ALL",
            )
        if done.kind is not Kind.STEP and _stops_steps(state, actions):
            yield _at(
                state,
                "task-stops-steps",
                f"an error of {state.label} fails the Parallel around it, and Step Functions stops the steps that run "
                "beside it; give it a Catch for States.ALL of its own",
            )
        if state.timeout_missing:
            yield _at(
                state,
                "task-without-timeout",
                f"{state.label} may hang for ever; give it TimeoutSeconds below {NO_TIMEOUT_SECONDS}",
            )
        if done.kind not in (Kind.CREATE, Kind.STEP) and not state.retries:
            yield _at(
                state,
                "task-without-retry",
                f"{state.label} fails for good when its service is busy for a moment; give it a Retry",
            )


def _stops_steps(state: State, actions: Mapping[State, Action]) -> bool:
    """Whether an error of a state reaches a Parallel that runs a step in another branch."""
    inner = state
    for owner in state.holds:
        if inner.catches_all:
            return False
        beside = (each for branch in owner.branches if branch is not inner.scope for each in reachable(branch))
        if any(actions[each].kind is Kind.STEP for each in beside):
            return True
        inner = owner
    return False


def terminate_rules(actions: Mapping[State, Action]) -> Iterator[Finding]:
    """Yield the terminates that give up at the first error."""
    for state, done in actions.items():
        if done.kind in (Kind.TERMINATE, Kind.REAP) and not retries_failures(state, done):
            errors = "its Lambda's errors" if done.kind is Kind.REAP else f"{done.errors[0]}*"
            yield _at(
                state,
                "terminate-without-retry",
                f"{state.label} ends a cluster but does not retry what it fails with, so one throttled call leaves the "
                f"cluster running; give it a Retry for States.ALL, States.TaskFailed or {errors}, MaxAttempts above 0",
            )


def _at(state: State, rule: str, message: str) -> Finding:
    return Finding(rule, state.label, message, (state.label,))

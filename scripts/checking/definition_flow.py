"""The rules about how control goes through a definition."""

import json
import re
from collections.abc import Iterator, Mapping

from scripts.certify.static.actions import Kind
from scripts.certify.static.graph import State
from scripts.checking.definition import Definition
from scripts.checking.emr_calls import call_of
from scripts.checking.rules import Place, Rule

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_HISTORY_EVENTS = 25_000
_MAX_EXECUTION_SECONDS = 365 * 24 * 3600

# Entered, scheduled, started, succeeded, exited; a state of another type is entered and exited.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
_TASK_EVENTS = 5
_OTHER_EVENTS = 2

# A loop that counts is taken for one that ends.
_COUNTS = re.compile(r"\+\s*1\b|States\.MathAdd")


def successors(state: State) -> list[State]:
    """Return where a state may lead in its scope."""
    return [*([state.next] if state.next else []), *state.choices, *state.catchers(None)[0]]


def after(state: State) -> set[State]:
    """Return every state of its scope that may come after a state."""
    seen: set[State] = set()
    todo = successors(state)
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            todo += successors(each)
    return seen


def _unreachable(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        owner = state.scope.owner
        if state not in definition.reached and (owner is None or owner in definition.reached):
            yield definition.at(state), f"nothing leads to {state.label}"


def _never_ends(definition: Definition) -> Iterator[tuple[Place, str]]:
    for scope in dict.fromkeys(state.scope for state in definition.states):
        states = {scope.start} | after(scope.start)
        if not any(state.type in ("Succeed", "Fail") or state.body.get("End") is True for state in states):
            yield definition.at(scope.start), f"no way from {scope.start.label} comes to an end"


def _polls_for_ever(definition: Definition) -> Iterator[tuple[Place, str]]:
    lifetime = definition.data.get("TimeoutSeconds", _MAX_EXECUTION_SECONDS)
    for wait in definition.states:
        seconds = wait.body.get("Seconds") if wait.type == "Wait" else None
        loop = [state for state in after(wait) if wait in after(state)] if isinstance(seconds, int) else []
        if not loop or not isinstance(lifetime, int) or any(_COUNTS.search(_text(state)) for state in loop):
            continue
        round_seconds = max(1, sum(_seconds(state.body) for state in loop))
        events = sum(_TASK_EVENTS if state.type == "Task" else _OTHER_EVENTS for state in loop)
        if events * lifetime / round_seconds > MAX_HISTORY_EVENTS:
            hours = MAX_HISTORY_EVENTS / events * round_seconds / 3600
            yield (
                definition.at(wait),
                f"the loop through {wait.label} makes {events} events every {round_seconds} s "
                f"and may go on until there are {MAX_HISTORY_EVENTS:,}, after about {hours:.0f} hours",
            )


def _text(state: State) -> str:
    return json.dumps(state.body, default=str)


def _seconds(body: Mapping[str, object]) -> int:
    seconds = body.get("Seconds") if body.get("Type") == "Wait" else 0
    return seconds if isinstance(seconds, int) else 0


def _step_not_awaited(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.of_kind(Kind.STEP):
        call = call_of(state)
        if call and not call.pattern:
            end = _straight_to_terminate(definition, state)
            if end:
                yield definition.at(state), f"{state.label} only queues its step, and {end.label} follows at once"


def _straight_to_terminate(definition: Definition, state: State) -> State | None:
    """Return the terminate that follows a state with nothing between that could wait."""
    seen: set[State] = set()
    following = state.next
    while following and following not in seen:
        seen.add(following)
        if definition.actions[following].kind in (Kind.TERMINATE, Kind.REAP):
            return following
        call = call_of(following)
        if following.type != "Pass" and not (call and not call.pattern):
            return None
        following = following.next
    return None


def _cluster_not_awaited(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.of_kind(Kind.CREATE):
        call = call_of(state)
        steps = [each for each in after(state) if definition.actions[each].kind is Kind.STEP]
        if call and call.is_native and not call.pattern and steps:
            yield definition.at(state, "Resource"), f"{state.label} does not wait until its cluster is ready"


FLOW_RULES = (
    Rule(
        id="state-unreachable",
        severity="error",
        why="Step Functions refuses a definition with a state that nothing leads to.",
        fix="Lead to the state, or remove it.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-states.html",
        find=_unreachable,
    ),
    Rule(
        id="machine-never-ends",
        severity="error",
        why="An execution that goes round for ever fails when its history is full, with its cluster still running.",
        fix='Give it a state with "End": true, a Succeed or a Fail.',
        link="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-states.html",
        find=_never_ends,
    ),
    Rule(
        id="polling-without-end",
        severity="warning",
        why="Step Functions ends an execution whose history reaches 25,000 events, and no Catch runs then.",
        fix="Await the work with .sync, count the rounds, wait longer, or give the machine a shorter TimeoutSeconds.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html",
        find=_polls_for_ever,
    ),
    Rule(
        id="step-not-awaited",
        severity="error",
        why="addStep returns when the step is queued; a terminate that follows at once cancels it.",
        fix="Use addStep.sync for the last step.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html",
        find=_step_not_awaited,
    ),
    Rule(
        id="cluster-not-awaited",
        severity="note",
        why="When the cluster cannot start, the machine learns it from a step that fails, not from the cluster.",
        fix="Use createCluster.sync, whose error says why the cluster did not start.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html",
        find=_cluster_not_awaited,
    ),
)

"""What the traces of the clusters found, in words."""

from collections.abc import Iterator, Sequence

from scripts.certify.static.clusters import Knowledge
from scripts.certify.static.failures import Reason
from scripts.certify.static.graph import ALL, NO_TIMEOUT_SECONDS
from scripts.certify.static.report import Finding
from scripts.certify.static.trace import Leak, Machine, Point, Trace


def ownership_findings(traces: Sequence[Trace], machine: Machine) -> Iterator[Finding]:
    """Yield every way in which a cluster outlives the execution, or may be held for ever."""
    for trace in traces:
        yield from (_end(trace, leak) for leak in trace.ends)
        yield from (_repeat(trace, leak) for leak in trace.repeats)
        for leak in trace.uncaught:
            yield from _uncaught(trace, leak, machine)
        for point in trace.came:
            if point.state.type == "Task":
                yield from _held(trace, point, machine)


def terminate_warnings(traces: Sequence[Trace], machine: Machine) -> Iterator[Finding]:
    """Yield what makes the terminates themselves weaker than they could be."""
    for trace, point in _endings(traces, machine):
        state = point.state
        if not state.catches_all:
            yield Finding(
                "terminate-without-catch",
                state.label,
                f"when {state.label} has used up its Retry the execution fails at once; "
                "give it a Catch for States.ALL that leads to another way to end the cluster",
                trace.path(point, state),
            )
        if state.timeout_missing:
            yield Finding(
                "terminate-without-timeout",
                state.label,
                f"{state.label} may wait for ever; give it TimeoutSeconds below {NO_TIMEOUT_SECONDS}",
                trace.path(point, state),
            )


def unseen_ids(traces: Sequence[Trace], machine: Machine) -> Iterator[Finding]:
    """Yield the terminates that are given an id which nothing has told."""
    for trace, point in _endings(traces, machine):
        state = point.state
        if point.holding.knowledge is Knowledge.UNSEEN and machine.ids.named(state):
            yield Finding(
                "terminate-by-unseen-id",
                state.label,
                f"{state.label} ends the cluster by its id, but comes after {trace.create.label} failed or timed out, "
                "when no result told the id; EMR may have accepted the call: end it by its tag there",
                trace.path(point, state),
            )


def _endings(traces: Sequence[Trace], machine: Machine) -> Iterator[tuple[Trace, Point]]:
    return ((trace, point) for trace in traces for point in trace.came if _is_ending(trace, point, machine))


def _end(trace: Trace, leak: Leak) -> Finding:
    return Finding(
        "end-while-owning",
        leak.state.label,
        f"the execution ends at {leak.state.label} while the cluster of {trace.create.label} may still run, and "
        "nothing else ends it; lead this path through a terminate of that cluster",
        trace.path(leak.via, leak.state),
    )


def _repeat(trace: Trace, leak: Leak) -> Finding:
    path = trace.path(leak.via, leak.state)
    return Finding(
        "create-while-owning",
        leak.state.label,
        f"{leak.state.label} is entered again while its earlier cluster may still run; the new id replaces the old one "
        "and nobody ends that cluster; terminate it before going back",
        path if len(path) > 1 else path * 2,
    )


def _uncaught(trace: Trace, leak: Leak, machine: Machine) -> Iterator[Finding]:
    state, create, failure = leak.state, trace.create, leak.failure
    path = trace.path(leak.via, state)
    outer = state.holds[-1] if state.holds else None
    around = f"the {outer.type} {outer.label}" if outer else ""
    if failure is None or failure.reason is Reason.EVALUATION:
        return  # an exit, not a mistake: no Catch can be put there
    if failure.reason is Reason.FAIL and not around:
        yield _end(trace, leak)
    elif failure.reason is Reason.TASK:
        if leak.via.state is state and _is_ending(trace, leak.via, machine):
            return  # said by terminate-without-retry
        also = f", and neither has {around}" if around else ""
        yield Finding(
            "task-without-catch",
            state.label,
            f"{state.label} has no Catch for {ALL} of its own{also}: an error of it ends the execution while a cluster "
            "may run; catch States.ALL and lead to a terminate",
            path,
        )
    elif failure.reason is Reason.NO_CHOICE:
        yield Finding(
            "choice-without-default",
            state.label,
            f"when no rule of {state.label} matches, the execution fails with States.Runtime, which nothing catches, "
            "while a cluster may run; give it a Default that leads to a terminate",
            path,
        )
    else:
        yield Finding(
            f"{(outer or state).type.lower()}-without-catch",
            state.label,
            f"{state.label} fails{f' inside {around}' if outer else ''}, which has no Catch for {ALL}: the execution "
            f"ends while the cluster of {create.label} may run; give it one that leads to a terminate",
            path,
        )


def _held(trace: Trace, point: Point, machine: Machine) -> Iterator[Finding]:
    state = point.state
    if state.timeout_missing and not _is_ending(trace, point, machine):
        yield Finding(
            "task-without-timeout",
            state.label,
            f"{state.label} has no TimeoutSeconds below {NO_TIMEOUT_SECONDS}, so it may hang and hold the cluster for "
            "ever; a heartbeat does not replace it; set TimeoutSeconds",
            trace.path(point, state),
        )
    names = [catcher["ErrorEquals"] for catcher in state.body.get("Catch", [])]
    if any(ALL in errors and (errors != [ALL] or number + 1 < len(names)) for number, errors in enumerate(names)):
        yield Finding(
            "catch-all-not-alone",
            state.label,
            f"{ALL} must stand alone and in the last Catch of {state.label}; Step Functions refuses the definition, "
            "and what stands beside or after it is never reached; move it to an entry of its own at the end",
            trace.path(point, state),
        )


def _is_ending(trace: Trace, point: Point, machine: Machine) -> bool:
    return point.state is not trace.create and machine.ends(point.state, trace.create, point.holding)

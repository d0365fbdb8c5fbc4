"""Judge a definition: every path from a state that may own a cluster to an end has to pass a terminate."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from scripts.certify.static import house
from scripts.certify.static.actions import Action, Kind, action
from scripts.certify.static.clusters import find_ids
from scripts.certify.static.document import check
from scripts.certify.static.exits import find_exits
from scripts.certify.static.failures import Escapes
from scripts.certify.static.graph import State, build, reachable
from scripts.certify.static.ownership import ownership_findings, terminate_warnings, unseen_ids
from scripts.certify.static.report import Finding, StaticReport
from scripts.certify.static.trace import Machine, follow

DEFAULT_TERMINATES = frozenset({"reap_clusters"})


def certify_definition(
    definition: Mapping[str, Any], *, terminates: Collection[str] = DEFAULT_TERMINATES, strict: bool = False
) -> StaticReport:
    """Prove that a definition ends every cluster it creates, or say where it may not.

    Parameters
    ----------
    definition
        Amazon States Language, in JSONPath or JSONata; CloudFormation's ``${...}`` may stand in it.
    terminates
        Names of the Lambda functions that end all clusters of the execution.
    strict
        Whether the rules of this project's own machines are findings rather than warnings.

    Raises
    ------
    DefinitionError
        It is not a definition.
    """
    check(definition)
    root = build(definition)
    actions = {state: action(state, terminates) for state in reachable(root)}
    creates = _of_kind(actions, Kind.CREATE)
    machine = Machine(actions, find_ids(list(actions), creates), Escapes())
    traces = [follow(create, machine) for create in creates]

    findings = list(ownership_findings(traces, machine))
    remarks = [*house.cluster_rules(actions), *unseen_ids(traces, machine)]
    if not strict:
        findings, rare = _apart(findings, creates, machine)
        remarks += rare
    findings += house.terminate_rules(actions)
    if creates:
        remarks += house.machine_rules(definition, root.start)
    if strict:
        findings += [*remarks, *_not_yet(findings, house.task_rules(actions))]
    warnings = [] if strict else [*remarks, *terminate_warnings(traces, machine)]
    order = {state.label: number for number, state in enumerate(actions)}
    return StaticReport(
        findings=_sorted(findings, order),
        warnings=_sorted(warnings, order),
        exits=tuple(find_exits(traces)),
        creates=tuple(state.label for state in creates),
        terminates=tuple(state.label for state in _of_kind(actions, Kind.TERMINATE, Kind.REAP)),
    )


def _apart(
    findings: Sequence[Finding], creates: Sequence[State], machine: Machine
) -> tuple[list[Finding], list[Finding]]:
    """Set apart what happens only when one iteration of a Map fails and Step Functions stops the others.

    Nothing inside the stopped iterations catches that, so it is like an execution that is aborted: for the nets.
    https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
    """
    alone = [follow(create, machine, alone=True) for create in creates] if findings else []
    often = {(finding.rule, finding.state) for finding in ownership_findings(alone, machine)}
    kept = [finding for finding in findings if (finding.rule, finding.state) in often]
    return kept, [finding for finding in findings if (finding.rule, finding.state) not in often]


def _of_kind(actions: Mapping[State, Action], *kinds: Kind) -> list[State]:
    return [state for state, done in actions.items() if done.kind in kinds]


def _not_yet(findings: Iterable[Finding], more: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what is not yet said of the same state."""
    said = {(finding.rule, finding.state) for finding in findings}
    return (finding for finding in more if (finding.rule, finding.state) not in said)


def _sorted(findings: Iterable[Finding], order: Mapping[str, int]) -> tuple[Finding, ...]:
    """Put findings in the definition's order; of those that say the same, keep the shortest path."""
    by_length = sorted(findings, key=lambda finding: len(finding.path))
    kept = {(finding.rule, finding.state, finding.message): finding for finding in reversed(by_length)}
    return tuple(
        sorted(kept.values(), key=lambda finding: (order[finding.state], finding.rule, finding.path, finding.message))
    )

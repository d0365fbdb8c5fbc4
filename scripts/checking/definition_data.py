"""The rules about what a definition keeps and passes on: the clusters' ids, and how much else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.certify.static.actions import Kind
from scripts.certify.static.graph import State, strings
from scripts.checking.definition import Definition
from scripts.checking.definition_flow import successors
from scripts.checking.definition_given import given
from scripts.checking.emr_calls import call_of
from scripts.checking.rules import Place, Rule

_QUOTAS_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_DATA_PAGE = "https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultpath.html"

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_PAYLOAD_BYTES = 262_144
MAX_DEFINITION_BYTES = 1_048_576
MAX_NAME_CHARACTERS = 80

# What a state may hold as it is written, and passes on.
_LITERALS = ("Arguments", "Parameters", "Result", "ResultSelector", "Output", "Assign", "ItemSelector")

# Whose answers name the cluster, or are as long as the cluster or its steps are.
_LONG_ANSWERS = frozenset({"describeCluster", "describeStep", "listSteps", "listInstances", "listClusters"})


def _lost(definition: Definition) -> Iterator[tuple[Place, str]]:
    users = definition.of_kind(Kind.STEP, Kind.TERMINATE)
    for state in definition.of_kind(Kind.CREATE):
        if users and not definition.ids.written[state]:
            yield definition.at(state), f"{state.label} keeps nothing of its result, so the cluster's id is lost"


def _overwritten(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        for key, words, targets in _writes(definition, state):
            users = [user for target in targets for user in _users(definition, target)]
            if users:
                yield (
                    definition.at(state, *key),
                    f"{words} replaces the whole input, and {users[0].label} then looks for the cluster's id in it",
                )


def _writes(definition: Definition, state: State) -> Iterator[tuple[tuple[str | int, ...], str, list[State]]]:
    """Yield where a state's result or error becomes all there is, and what comes next."""
    if _answers_without_id(definition, state) and _replaces(state.body, state) and "ResultSelector" not in state.body:
        yield (), f"the result of {state.label}", [state.next] if state.next else []
    for number, catcher in enumerate(state.body.get("Catch", [])):
        if _replaces(catcher, state):
            yield ("Catch", number), f"the error that {state.label} catches", [state.scope.states[catcher["Next"]]]


def _answers_without_id(definition: Definition, state: State) -> bool:
    call = call_of(state)
    return call is not None and definition.actions[state].kind is not Kind.CREATE and call.action not in _LONG_ANSWERS


def _replaces(body: Mapping[str, Any], state: State) -> bool:
    return "Output" not in body if state.jsonata else body.get("ResultPath", "$") == "$"


def _users(definition: Definition, start: State) -> Iterator[State]:
    """Yield the states from one on that take a cluster's id from their input, until the input is replaced again."""
    seen: set[State] = set()
    todo = [start]
    while todo:
        state = todo.pop(0)
        if state in seen:
            continue
        seen.add(state)
        if _takes_id_from_input(definition, state):
            yield state
        if definition.actions[state].kind is not Kind.CREATE and not _may_bring_id(state):
            todo += [*successors(state), *(branch.start for branch in state.branches)]


def _takes_id_from_input(definition: Definition, state: State) -> bool:
    if definition.actions[state].kind not in (Kind.STEP, Kind.TERMINATE):
        return False
    arguments = given(state)
    ids = [arguments.get(name) for name in ("ClusterId", "JobFlowIds")]
    texts = [text for each in ids if each.key != arguments.key for text in strings(each.value)]
    return any("$states.input." in text if state.jsonata else text.startswith("$.") for text in texts)


def _may_bring_id(state: State) -> bool:
    """Whether a state's own result may hold the id again: that of a function, or what is written in a Pass."""
    return state.type in ("Task", "Pass") and call_of(state) is None and _replaces(state.body, state) and _makes(state)


def _makes(state: State) -> bool:
    return state.type == "Task" or any(field in state.body for field in ("Parameters", "Result", "Output"))


def _kept_whole(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        call = call_of(state)
        if not call or state.body.get("End") is True:
            continue
        is_long = call.action in _LONG_ANSWERS or call.pattern == ".sync"
        selects = "Output" in state.body if state.jsonata else "ResultSelector" in state.body
        kept = state.jsonata or state.body.get("ResultPath", "$") is not None
        if is_long and kept and not selects:
            yield definition.at(state), f"{state.label} keeps all of what {call.action} answers"


def _large_literals(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        for field in _LITERALS:
            size = len(json.dumps(state.body.get(field), ensure_ascii=False).encode())
            if size > MAX_PAYLOAD_BYTES:
                words = f"{field} of {state.label} has {size:,} bytes; a state passes on {MAX_PAYLOAD_BYTES:,}"
                yield definition.at(state, field), words


def _large(definition: Definition) -> Iterator[tuple[Place, str]]:
    size = len(definition.text.encode())
    if size > MAX_DEFINITION_BYTES:
        yield definition.place(), f"the definition has {size:,} bytes; Step Functions takes {MAX_DEFINITION_BYTES:,}"


def _long_names(definition: Definition) -> Iterator[tuple[Place, str]]:
    for state in definition.states:
        if len(state.name) > MAX_NAME_CHARACTERS:
            yield definition.at(state), f"the name {state.name!r} has {len(state.name)} characters"


DATA_RULES = (
    Rule(
        id="cluster-id-lost",
        severity="error",
        why="Nothing can add steps to a cluster or end it without its id.",
        fix="Keep the id: ResultPath or Assign in JSONPath, Assign or Output in JSONata.",
        link=_DATA_PAGE,
        find=_lost,
    ),
    Rule(
        id="cluster-id-overwritten",
        severity="error",
        why="The cluster's id is gone: the state that needs it fails, and the cluster goes on.",
        fix="Give it a ResultPath of its own (null for a result that is not needed), or keep the id in a variable.",
        link=_DATA_PAGE,
        find=_overwritten,
    ),
    Rule(
        id="result-kept-whole",
        severity="note",
        why="What EMR answers grows with the cluster's configurations and steps; beyond 256 KiB the execution ends, "
        "and no Catch runs.",
        fix="Keep what is needed: ResultSelector in JSONPath, Output in JSONata.",
        link=_QUOTAS_PAGE,
        find=_kept_whole,
    ),
    Rule(
        id="literal-too-large",
        severity="error",
        why="A payload beyond 256 KiB ends the execution, and no Catch runs.",
        fix="Put it into S3 and pass its address on.",
        link=_QUOTAS_PAGE,
        find=_large_literals,
    ),
    Rule(
        id="definition-too-large",
        severity="error",
        why="Step Functions refuses a larger definition.",
        fix="Move a part into a machine of its own, or long literals into S3.",
        link=_QUOTAS_PAGE,
        find=_large,
    ),
    Rule(
        id="state-name-too-long",
        severity="error",
        why="Step Functions refuses a state whose name has more than 80 characters.",
        fix="Shorten the name; the Comment may be longer.",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html",
        find=_long_names,
    ),
)

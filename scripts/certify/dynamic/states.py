"""The states of a machine, also those inside its Parallels, and the steps they give to EMR.

States are known by name alone: a name may occur once in a whole machine. https://states-language.net/#states-fields
"""

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.certify.static.graph import bodies

Definition = Mapping[str, Any]
State = Mapping[str, Any]

ADD_STEP = "arn:aws:states:::elasticmapreduce:addStep"


def all_states(definition: Definition) -> dict[str, State]:
    """Return every state by name, in the definition's order; what a Parallel holds follows it."""
    return dict(_walk(definition))


def inside(state: State) -> frozenset[str]:
    """Return the names of the states inside a Parallel, at any depth."""
    return frozenset(name for branch in bodies(state) for name, _ in _walk(branch))


def steps_of(definition: Definition) -> dict[str, str]:
    """Return the steps a machine gives to EMR, by the name of the state that does."""
    return {name: step_name(state) for name, state in all_states(definition).items() if adds_step(state)}


def abreast(definition: Definition) -> tuple[str, ...]:
    """Return the steps of the first Parallel that runs several of them at the same time."""
    for state in all_states(definition).values():
        steps = [name for branch in bodies(state) for name in steps_of(branch).values()]
        if len(steps) > 1:
            return tuple(steps)
    return ()


def adds_step(state: State) -> bool:
    """Say whether a state gives EMR a step."""
    return str(state.get("Resource", "")).startswith(ADD_STEP)


def step_name(state: State) -> str:
    """Return the name of the step a state adds."""
    return str(state["Arguments"]["Step"]["Name"])


def ends_cluster_by_failing(state: State) -> bool:
    """Say whether the cluster ends when the step that a state adds fails."""
    return bool(state["Arguments"]["Step"].get("ActionOnFailure") == "TERMINATE_CLUSTER")


def _walk(machine: Definition) -> Iterator[tuple[str, State]]:
    for name, state in machine["States"].items():
        yield name, state
        for branch in bodies(state):
            yield from _walk(branch)

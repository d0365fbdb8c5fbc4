"""What a create's arguments say about the nets that can end its cluster."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.clusters.tags import EXECUTION_TAG
from scripts.certify.static.actions import argument, arguments
from scripts.certify.static.graph import State, strings

_EXECUTION_ID = ("$states.context.Execution.Id", "$$.Execution.Id")

_ENDS_ITS_CLUSTER = {"TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"}


def is_tagged(create: State, key: str) -> bool | None:
    """Whether the cluster carries a tag, the execution's with the execution's id; None when an expression hides it."""
    given = arguments(create)
    tags = given if isinstance(given, str) else argument(create, "Tags")
    if isinstance(tags, str):
        return True if key in tags and _is_value(key, tags) else None
    return any(
        isinstance(tag, Mapping) and tag.get("Key") == key and _is_value(key, str(tag.get("Value", tag.get("Value.$"))))
        for tag in _each(tags)
    )


def _is_value(key: str, text: str) -> bool:
    return key != EXECUTION_TAG or any(source in text for source in _EXECUTION_ID)


def auto_terminates(create: State) -> bool | None:
    """Whether the cluster has an AutoTerminationPolicy; None when an expression decides."""
    given = arguments(create)
    if isinstance(given, str):
        return None
    policy = argument(create, "AutoTerminationPolicy")
    return None if isinstance(policy, str) else bool(policy)


def runs_steps_abreast(create: State) -> bool:
    """Whether the cluster runs several steps at the same time, as far as it can be seen.

    EMR then refuses every step whose ActionOnFailure is not CONTINUE.
    https://docs.aws.amazon.com/emr/latest/APIReference/API_StepConfig.html
    """
    level = argument(create, "StepConcurrencyLevel")
    return isinstance(level, int) and level > 1


def steps_without_action(state: State) -> bool:
    """Whether a step that fails would leave its cluster waiting, as far as it can be seen."""
    given = arguments(state)
    steps = None if isinstance(given, str) else argument(state, "Step") or argument(state, "Steps")
    return not isinstance(given, str) and any(_leaves(step) for step in _each(steps))


def _each(steps: Any) -> Iterator[Any]:
    yield from steps if isinstance(steps, list) else [steps]


def _leaves(step: Any) -> bool:
    if isinstance(step, str):
        return not any(action in step for action in _ENDS_ITS_CLUSTER)
    if not isinstance(step, Mapping):
        return True
    action = step.get("ActionOnFailure", step.get("ActionOnFailure.$"))
    return not any(allowed in text for text in strings(action) for allowed in _ENDS_ITS_CLUSTER)

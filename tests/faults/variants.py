"""Jobs, ways of submitting their steps and of waiting for their turn, and in which states their machines differ."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lambdas.specs import load_job
from lambdas.specs.job import Submission
from scripts.certify.dynamic.deployment import machine_of
from scripts.certify.dynamic.run import Machine
from scripts.certify.dynamic.states import all_states, steps_of
from scripts.local import in_process

_SAYS_NOTHING = {"Comment", "TimeoutSeconds"}
_NUMBER = re.compile(r'"\d+"')


@dataclass(frozen=True)
class Variant:
    """A job, and how its steps are submitted, or how many runs it may have at a time, if not as its spec says."""

    job: str
    submission: Submission | None = None
    runs: int | None = None

    def __str__(self) -> str:
        return f"{self.job} {self.submission or 'as it is'}" + (f", {self.runs} at a time" if self.runs else "")


def machine_of_variant(variant: Variant) -> Machine:
    """Return the machine; the Lambdas see the job as it is.

    They do not ask how steps are submitted, and whoever is alone gets a slot at once, however many there are.
    """
    job = load_job(variant.job)
    if variant == Variant(variant.job):
        return machine_of(job)
    changed = job.model_copy(
        update={
            "submission": variant.submission or job.submission,
            "limits": job.limits.model_copy(update={"concurrent_runs": variant.runs or job.limits.concurrent_runs}),
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_process, "load_job", lambda _name: changed)
        return replace(machine_of(job), definition=in_process.rendered_definition(job.name))


def new_states(machine: Machine, before: Iterable[Machine]) -> set[str]:
    """Return the states unlike any of other machines, and of those that are alike the first."""
    known = {shape for each in before for shape in _shapes(each).values()}
    first = {shape: name for name, shape in reversed(_shapes(machine).items()) if shape not in known}
    return set(first.values())


def _shapes(machine: Machine) -> dict[str, str]:
    """Return every state as it would be if all jobs and steps had the same name, time and successor."""
    definition = json.loads(machine.definition)
    names = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in (machine.job, *steps_of(definition).values())))
    return {name: names.sub("name", _text(state)) for name, state in all_states(definition).items()}


def _text(state: Mapping[str, Any]) -> str:
    onwards = {"Next": "the next"} if "Next" in state else {}
    return _NUMBER.sub('"number"', json.dumps(_telling({**state, **onwards})))


def _telling(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _telling(each) for name, each in value.items() if name not in _SAYS_NOTHING}
    return [_telling(each) for each in value] if isinstance(value, list) else value
